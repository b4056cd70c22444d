"""Where the requirements of a release into a sandbox come from, by what is configured."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from releasekit.config.settings import Trust
from releasekit.destination import add_trust, is_sandbox, read_own_settings
from releasekit.sandbox import run_sandbox


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    """The CA of a company."""
    path = tmp_path / "company.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return path


def test_a_sandbox_is_known_by_its_ca(tmp_path: Path, ca: Path) -> None:
    with run_sandbox(tmp_path, hosted="h", group="g") as sandbox:
        own = str(sandbox.ca_bundle)
        assert is_sandbox(sandbox.repository_url("h"), own)
        assert not is_sandbox("https://nexus.example.com/repository/h/", own)
        others = (None, "", str(ca), str(tmp_path / "absent.pem"), str(tmp_path), ca.read_text())
        assert not any(is_sandbox(sandbox.repository_url("h"), other) for other in others)
    assert not is_sandbox("", None)


TABLE = "[tool.releasekit]\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        (f'{TABLE}url = "https://nexus.example.com"\n', None),
        (f'{TABLE}group = "pypi-group"\n', None),
        (f'{TABLE}url = "sandbox"\ngroup = "pypi-group"\n', None),
        (f'{TABLE}url = "nexus"\ngroup = "pypi-group"\n', None),
        (
            f'{TABLE}url = "https://nexus.example.com"\ngroup = "pypi-group"\n',
            ("https://nexus.example.com", "pypi-group"),
        ),
    ],
    ids=["nothing", "no group", "no url", "the sandbox", "wrong", "both"],
)
def test_the_files_of_a_project_name_a_group(
    tmp_path: Path, text: str, found: tuple[str, str] | None
) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    settings = read_own_settings(tmp_path)
    assert (settings and (settings.url, settings.group)) == found


def test_trust_grows_by_what_is_of_use(tmp_path: Path, ca: Path) -> None:
    sandbox, broken, cert = (tmp_path / name for name in ("sandbox.pem", "broken.pem", "cert.pem"))
    trustme.CA().cert_pem.write_to_path(str(sandbox))
    broken.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    cert.touch()
    trust = Trust(ca_bundle=str(sandbox))
    bundles = [None, str(broken), str(tmp_path / "absent.pem"), str(ca)]
    grown = add_trust(trust, bundles, str(cert))
    texts = [path.read_text().strip() for path in (sandbox, ca)]
    assert grown == Trust(ca_bundle="\n".join(texts), client_cert=str(cert))
    assert add_trust(trust, [], str(tmp_path / "absent.pem")).client_cert is None
