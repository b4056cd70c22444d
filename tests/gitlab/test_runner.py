"""What the runner needs of a machine."""

from __future__ import annotations

import os
import re

import pytest

from gitlab.runner import need_rsync


def test_who_may_not_install_rsync_is_told_the_command_that_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    said = "the tests of the GitLab template need rsync: sudo apt-get install -y -q rsync"
    with pytest.raises(FileNotFoundError, match=f"^{re.escape(said)}$"):
        need_rsync()
