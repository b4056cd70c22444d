"""Setting up pip and uv, on real files."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import trustme

from in_process import Recorder, open_command
from raising import raises_error
from releasekit.commands.pip_config import run as set_up
from releasekit.consumer.settings import SettingsPlanned
from releasekit.errors import ReleasekitError
from releasekit.errors.refused import SETTINGS_DIFFER
from releasekit.errors.usage import BROKEN_SETTINGS, INSECURE_INDEX, NO_NEXUS

URL = "https://nexus.example.com"
INDEX = f"{URL}/repository/pypi-group/simple/"
UV_TOML = f'[[index]]\nname = "pypi-group"\nurl = "{INDEX}"\ndefault = true\n'


class Set:
    """One run: what was planned, and the notes."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.error = ""

    @property
    def plan(self) -> SettingsPlanned:
        return self.recorder.find(SettingsPlanned)

    @property
    def notes(self) -> list[str]:
        return self.recorder.notes

    def changes(self) -> dict[str, dict[str, tuple[str | None, str]]]:
        return {
            file.path.name: {change.key: (change.old, change.new) for change in file.changes}
            for file in self.plan.changed
        }


Configure = Callable[..., Set]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A user with a Nexus and nothing else in the environment."""
    (tmp_path / "home").mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "RELEASEKIT_URL": URL,
        "RELEASEKIT_GROUP": "pypi-group",
    }


@pytest.fixture
def configure(tmp_path: Path, environ: dict[str, str]) -> Configure:
    """Show the settings, or write them with apply=True."""

    def run(*, to: str | None = "there", apply: bool = False, **variables: str) -> Set:
        arguments = ["pip-config", *(["--to", to] if to else []), *(["--apply"] if apply else [])]
        done = Set()
        with open_command(
            *arguments, root=tmp_path, environ={**environ, **variables}, recorder=done.recorder
        ) as ctx:
            try:
                set_up(ctx)
            except ReleasekitError as error:
                if error.entry is not SETTINGS_DIFFER:
                    raise
                done.error = str(error)
        return done

    return run


@pytest.fixture
def ca(tmp_path: Path) -> dict[str, str]:
    """The variable that names the company's CA, in a file whose name has a space in it."""
    path = tmp_path / "our ca.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return {"RELEASEKIT_CA_BUNDLE": str(path)}


def texts(folder: Path) -> Mapping[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def test_shown_settings_are_not_written(configure: Configure, tmp_path: Path) -> None:
    shown = configure()
    assert shown.changes() == {
        "pip.conf": {"global.index-url": (None, INDEX)},
        "uv.toml": {
            "index.name": (None, "pypi-group"),
            "index.url": (None, INDEX),
            "index.default": (None, "true"),
        },
    }
    assert shown.notes == []
    assert shown.error == (
        "error E153: pip and uv are not set up for the group\n"
        f"  where: directory {tmp_path}/there\n"
        "  why:   4 settings differ: see the plan above; nothing was written\n"
        "  next:  releasekit pip-config --apply writes them"
    )
    assert not (tmp_path / "there").exists()


def test_written_settings_need_no_change(configure: Configure, tmp_path: Path) -> None:
    configure(apply=True)
    assert texts(tmp_path / "there") == {
        "pip.conf": f"[global]\nindex-url = {INDEX}\n",
        "uv.toml": UV_TOML,
    }
    for apply in (False, True):
        again = configure(apply=apply)
        assert (again.plan.changed, again.notes, again.error) == ((), [], "")
    assert list(texts(tmp_path / "there")) == ["pip.conf", "uv.toml"]


def test_a_ca_bundle_is_written_with_the_systems_certificates(
    configure: Configure, tmp_path: Path, ca: dict[str, str]
) -> None:
    done = configure(apply=True, **ca)
    path = tmp_path / "there" / "releasekit-ca.pem"
    pem = path.read_text()
    assert Path(ca["RELEASEKIT_CA_BUNDLE"]).read_text().strip() in pem
    certificates = pem.split("-----END CERTIFICATE-----\n")[:-1]
    assert len(certificates) == len(set(certificates)) > 50
    assert texts(tmp_path / "there")["pip.conf"].endswith(f"\ncert = {path}\n")
    assert done.plan.exports == (
        f"export PIP_CONFIG_FILE={path.with_name('pip.conf')}",
        f"export UV_CONFIG_FILE={path.with_name('uv.toml')}",
        f"export SSL_CERT_FILE={path}",
    )
    assert configure(**ca).plan.changed == ()


def test_a_renewed_ca_takes_the_place_of_the_old_one_also_where_the_lines_were_exported(
    configure: Configure, tmp_path: Path, ca: dict[str, str]
) -> None:
    configure(apply=True, **ca)
    path, old = tmp_path / "there" / "releasekit-ca.pem", Path(ca["RELEASEKIT_CA_BUNDLE"])
    count, before = path.read_text().count("-----BEGIN"), old.read_text().strip()
    trustme.CA().cert_pem.write_to_path(old)
    exported = {"SSL_CERT_FILE": str(path), "PIP_CERT": str(path)}
    done = configure(apply=True, **ca, **exported)
    assert done.changes() == {"releasekit-ca.pem": {"certificates": (str(count), str(count))}}
    assert before not in path.read_text()
    assert old.read_text().strip() in path.read_text()


def test_certificates_that_the_environment_names_are_among_them(
    configure: Configure, tmp_path: Path, ca: dict[str, str]
) -> None:
    proxys = tmp_path / "proxy.pem"
    trustme.CA().cert_pem.write_to_path(proxys)
    configure(apply=True, **ca, REQUESTS_CA_BUNDLE=str(proxys))
    assert proxys.read_text().strip() in texts(tmp_path / "there")["releasekit-ca.pem"]


def test_another_value_is_shown_without_credentials_and_kept_in_a_backup(
    configure: Configure, tmp_path: Path
) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    old = "[global]\nindex-url = https://me:secret@old.example.com/simple\ntimeout = 60\n"
    (folder / "pip.conf").write_text(old)
    done = configure(apply=True)
    assert done.changes()["pip.conf"] == {
        "global.index-url": ("https://****@old.example.com/simple", INDEX)
    }
    assert "secret" not in repr(done.recorder.results)
    assert done.notes == [
        "global.index-url held credentials: from now on pip and uv read them from ~/.netrc"
    ]
    assert texts(folder) == {
        "pip.conf": f"[global]\nindex-url = {INDEX}\ntimeout = 60\n",
        "pip.conf.bak": old,
        "uv.toml": UV_TOML,
    }


@pytest.mark.parametrize("name", ["pip.conf", "uv.toml"])
def test_a_broken_file_leaves_all_files_as_they_are(
    configure: Configure, tmp_path: Path, ca: dict[str, str], name: str
) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / name).write_text("junk\n")
    with raises_error(BROKEN_SETTINGS):
        configure(apply=True, **ca)
    assert texts(folder) == {name: "junk\n"}


@pytest.fixture
def virtualenv(tmp_path: Path) -> Path:
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    return tmp_path / "venv"


def test_the_active_environment_is_the_place(configure: Configure, virtualenv: Path) -> None:
    done = configure(to=None, VIRTUAL_ENV=str(virtualenv))
    assert done.plan.place == f"virtualenv {virtualenv}"
    assert [file.path for file in done.plan.files] == [
        virtualenv / "pip.conf",
        virtualenv / "uv.toml",
    ]
    assert done.plan.exports[0] == f"export UV_CONFIG_FILE={virtualenv}/uv.toml"


@pytest.mark.parametrize(
    ("to", "place"),
    [
        pytest.param("venv", "virtualenv {root}/venv", id="environment"),
        pytest.param("user", "user", id="user"),
        pytest.param("./user", "directory {root}/user", id="a directory called user"),
        pytest.param("~", "directory {home}", id="home"),
    ],
)
def test_place_that_was_named(
    configure: Configure, tmp_path: Path, virtualenv: Path, to: str, place: str
) -> None:
    done = configure(to=to, VIRTUAL_ENV="/nowhere")
    assert done.plan.place == place.format(root=tmp_path, home=tmp_path / "home")


def test_lines_for_a_shell_are_quoted(configure: Configure, tmp_path: Path) -> None:
    assert (
        configure(to="a b").plan.exports[0] == f"export PIP_CONFIG_FILE='{tmp_path}/a b/pip.conf'"
    )


@pytest.mark.parametrize("config", ["", "elsewhere"])
def test_without_an_active_environment_the_user_is_the_place(
    configure: Configure, tmp_path: Path, config: str
) -> None:
    folder = tmp_path / (config or "home/.config")
    variables = {"XDG_CONFIG_HOME": str(folder)} if config else {}
    done = configure(to=None, VIRTUAL_ENV=str(tmp_path / "gone"), **variables)
    assert [file.path for file in done.plan.files] == [
        folder / "pip" / "pip.conf",
        folder / "uv" / "uv.toml",
    ]
    assert done.plan.exports == ("export UV_SYSTEM_CERTS=true",)


def test_without_a_group_the_hosted_repository_is_the_index(configure: Configure) -> None:
    done = configure(RELEASEKIT_GROUP="", RELEASEKIT_HOSTED="ours")
    assert done.changes()["pip.conf"] == {
        "global.index-url": (None, f"{URL}/repository/ours/simple/")
    }


def test_what_works_against_the_settings_is_noted(configure: Configure, tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "pip.conf").write_text("[global]\ntrusted-host = old.example.com\n")
    (folder / "uv.toml").write_text(
        '[[index]]\nname = "corp"\nurl = "https://u:p@corp.example.com"\n'
    )
    (folder / "pyproject.toml").write_text("[tool.uv]\npackage = true\n")
    assert configure(PIP_INDEX_URL="https://x").notes == [
        "pip: global.trusted-host = old.example.com stays, and switches the check of "
        "certificates off: remove it",
        f"uv: {folder}/uv.toml switches [tool.uv] of the pyproject.toml beside it off",
        "uv: index corp (https://****@corp.example.com) stays: uv asks it before the group",
        "PIP_INDEX_URL is set here, and beats these files: unset PIP_INDEX_URL",
    ]


def test_plain_http_is_refused_but_on_loopback(configure: Configure) -> None:
    with raises_error(INSECURE_INDEX) as caught:
        configure(RELEASEKIT_URL="http://nexus.example.com")
    assert str(caught.value) == (
        "error E217: pip does not install from plain http\n"
        "  where: http://nexus.example.com/repository/pypi-group/simple/\n"
        "  why:   it would need trusted-host, which lets anybody on the way replace packages\n"
        "  next:  serve Nexus over https, and set url to that address; ca-bundle names a private "
        "CA"
    )
    assert configure(RELEASEKIT_URL="http://127.0.0.1:8081").plan.exports[2:] == ()


def test_without_a_nexus_there_is_nothing_to_set_up(configure: Configure) -> None:
    with raises_error(NO_NEXUS, match="no Nexus is configured, and pip-config needs one"):
        configure(RELEASEKIT_URL="")
