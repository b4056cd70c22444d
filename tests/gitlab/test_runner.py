"""What the runner needs of a machine."""

from __future__ import annotations

import os
import re

import pytest

from gitlab.runner import need_rsync


def test_without_the_right_to_install_rsync_the_error_names_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    said = "the tests of the GitLab template need rsync: sudo apt-get install -y -q rsync"
    with pytest.raises(FileNotFoundError, match=f"^{re.escape(said)}$"):
        need_rsync()
