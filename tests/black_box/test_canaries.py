"""Canaries: code of others writes down what it sees, and no password is there.

Limits that are not tested, for they are no promise: in a one-process `release` the environment of
the parent process can be read in /proc, and so can the reader's password in any command.
"""

from __future__ import annotations

import base64
import os
import platform
import secrets
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from black_box.canary_files import (
    Seen,
    canary,
    make_project,
    make_sdist,
    make_wheel,
    read_seen,
)
from black_box.canary_front import RELEASEKIT, Front, run_front

pytestmark = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="the project's wheel is for Linux on x86_64, and /proc is Linux's",
)
WHEELS = ("canary-requirement", "canary-dependency")
SDIST_ONLY = "canary-sdist"
GIT_SHIM = """\
#!{python}
{canary}
import sys
os.execv({git!r}, ["git", *sys.argv[1:]])
"""


@dataclass(frozen=True)
class Site:
    """A server with requirements, and a user's environment without credentials."""

    front: Front
    environ: Mapping[str, str]

    @property
    def reader(self) -> dict[str, str]:
        names = ("RELEASEKIT_READER_USERNAME", "RELEASEKIT_READER_PASSWORD")
        return dict(zip(names, self.front.reader, strict=True))

    @property
    def publisher(self) -> dict[str, str]:
        return dict(zip(("TWINE_USERNAME", "TWINE_PASSWORD"), self.front.publisher, strict=True))


def make_password() -> str:
    """A new password, with what has to be encoded in addresses."""
    return f"p+/%{secrets.token_urlsafe(12)}:x"


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("dists")
    with run_front(("publisher", make_password()), ("reader", make_password())) as front:
        dists = [make_sdist(folder, SDIST_ONLY), *(make_wheel(folder, name) for name in WHEELS)]
        upload(front, dists)
        yield front


def upload(front: Front, dists: Sequence[Path]) -> None:
    user, password = front.publisher
    command = (sys.executable, "-m", "twine", "upload", "--non-interactive", "--repository-url")
    environ = {**os.environ, "TWINE_USERNAME": user, "TWINE_PASSWORD": password}
    url = f"{front.url}/repository/pypi-hosted/"
    subprocess.run((*command, url, *map(str, dists)), env=environ, check=True, capture_output=True)


@pytest.fixture
def site(front: Front, tmp_path: Path) -> Iterator[Site]:
    """A user with an empty home, and a git that is a canary too."""
    theirs = ("TWINE_", "RELEASEKIT_", "UV_", "PIP_", "GIT_", "XDG_", "NETRC")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    for name in ("home", "bin", "seen"):
        (tmp_path / name).mkdir()
    git = tmp_path / "bin" / "git"
    python = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
    text = GIT_SHIM.format(python=python, canary=canary("git"), git=shutil.which("git"))
    git.write_text(text)
    git.chmod(git.stat().st_mode | stat.S_IXUSR)
    who = {"AUTHOR": "Author", "COMMITTER": "Author"}
    front.requests.clear()
    front.anonymous = False
    yield Site(
        front,
        {
            **ours,
            "HOME": str(tmp_path / "home"),
            "PATH": f"{tmp_path / 'bin'}{os.pathsep}{ours['PATH']}",
            "CANARY_DIR": str(tmp_path / "seen"),
            "RELEASEKIT_URL": front.url,
            "RELEASEKIT_GROUP": "pypi-group",
            **{f"GIT_{role}_NAME": name for role, name in who.items()},
            **{f"GIT_{role}_EMAIL": "author@example.com" for role in who},
        },
    )
    front.anonymous = False


def run(
    *arguments: str, root: Path, environ: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    # Not `python -m`, which puts the current directory first among what is imported.
    return subprocess.run(
        (RELEASEKIT, *arguments),
        cwd=root,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def forms_of(user: tuple[str, str]) -> tuple[str, ...]:
    """The forms in which a password may stand somewhere."""
    password = user[1]
    packed = [base64.b64encode(text.encode()).decode() for text in (password, ":".join(user))]
    encoded = (quote(password, safe=""), quote(password), quote(password, safe="").lower())
    return (password, *packed, *encoded)


def under_other_names(user: tuple[str, str]) -> dict[str, str]:
    """Variables as CI systems and users have them: the same password under names of their own."""
    plain, alone, login, encoded, *_ = forms_of(user)
    netrc = f"machine nexus.example.com login {user[0]} password {plain}"
    return {
        "NEXUS_PASSWORD": plain,
        "SOMETHING": f"--token={plain}",
        "NEXUS_AUTH": login,
        "NEXUS_TOKEN": alone.rstrip("="),
        "NEXUS_ADDRESS": f"https://{user[0]}:{encoded}@nexus.example.com/repository/x/",
        "ENCODED": encoded,
        "NETRC_CONTENT": netrc,
        "DOCKER_AUTH_CONFIG": f'{{"auths":{{"nexus.example.com":{{"auth":"{login}"}}}}}}',
        "HTTP_HEADER": f"Authorization: Basic {login}",
        "UV_INDEX_ELSEWHERE_PASSWORD": plain,
        "UV_PUBLISH_TOKEN": plain,
        "PIP_EXTRA_INDEX_URL": "",
        "POETRY_PYPI_TOKEN_NEXUS": plain,
    }


def find_own(seen: Sequence[Seen], user: tuple[str, str]) -> list[str]:
    """The variables of children that hold a password, as name of the canary and of the variable."""
    return sorted(
        {
            f"{one.name}: {name}"
            for one in seen
            for name, value in one.own.items()
            if any(form in value for form in forms_of(user))
        }
    )


def find_anywhere(seen: Sequence[Seen], user: tuple[str, str]) -> list[str]:
    """The canaries that saw a password in any process of the machine."""
    forms = [form.encode().decode("latin-1") for form in forms_of(user)]
    return sorted(
        {one.name for one in seen if any(form in text for text in one.all for form in forms)}
    )


def find_in_files(root: Path, user: tuple[str, str]) -> list[str]:
    """The files of a project, its dists and reports, that hold a password."""
    forms = [form.encode() for form in forms_of(user)]
    contents = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert {"outcome.json", "build.log"} <= {path.name for path in contents}
    return [
        str(path) for path, content in contents.items() if any(form in content for form in forms)
    ]


SECRET_NAMES = ("TWINE_", "RELEASEKIT_ADMIN_", "RELEASEKIT_READER_", "UV_INDEX_", "UV_PUBLISH_")


def find_names(seen: Sequence[Seen]) -> list[str]:
    """The variables of children whose name alone says that they hold credentials."""
    hidden = ("TWINE_CERT",)  # names a file of certificates
    names = {name for one in seen for name in one.own}
    return sorted(name for name in names if name.startswith(SECRET_NAMES) and name not in hidden)


def test_build_check_and_verify_see_no_upload_credentials(site: Site, tmp_path: Path) -> None:
    root, seen = tmp_path / "project", tmp_path / "seen"
    make_project(root, site.environ, ("canary-requirement",))
    reading = {**site.environ, **site.reader, **under_other_names(site.front.reader)}
    for command in ("build", "check"):
        ran = run(command, root=root, environ=reading)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    upload(site.front, sorted((root / "dist").glob("[!.]*")))
    ran = run("verify", root=root, environ=reading)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = read_seen(seen)
    expected = {"canary-requirement", "canary-project-backend", "canary-dependency", "repair"}
    assert expected | {"git"} <= {one.name for one in found}
    assert find_anywhere(found, site.front.publisher) == []
    # The kit's own environment has it, and canaries can read that: they would see the other, too.
    assert expected <= set(find_anywhere(found, site.front.reader))
    assert find_own(found, site.front.reader) == []
    assert find_in_files(root, site.front.reader) == []
    assert find_names(found) == []


def test_a_release_gives_its_credentials_to_no_child(site: Site, tmp_path: Path) -> None:
    root, seen = tmp_path / "project", tmp_path / "seen"
    admin = ("admin", make_password())
    make_project(root, site.environ, ("canary-requirement",), name="canary-released")
    environ = {
        **site.environ,
        **site.publisher,
        **site.reader,
        **under_other_names(site.front.publisher),
        **{f"READER_{name}": value for name, value in under_other_names(site.front.reader).items()},
        **{f"ADMIN_{name}": value for name, value in under_other_names(admin).items()},
        "RELEASEKIT_ADMIN_USERNAME": admin[0],
        "RELEASEKIT_ADMIN_PASSWORD": admin[1],
    }
    ran = run("release", root=root, environ=environ)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = read_seen(seen)
    expected = {"canary-requirement", "canary-released-backend", "canary-dependency", "repair"}
    assert expected | {"git"} <= {one.name for one in found}
    assert "packaging" not in {one.name for one in found}
    for user in (site.front.publisher, site.front.reader, admin):
        assert find_own(found, user) == []
        assert find_in_files(root, user) == []
        assert not any(form in ran.stdout + ran.stderr for form in forms_of(user))
    assert find_names(found) == []
    users = {(method, user) for method, _, user in site.front.requests if method == "POST"}
    assert users == {("POST", "publisher")}


def test_an_upload_alone_is_the_publishers(site: Site, tmp_path: Path) -> None:
    root = tmp_path / "project"
    make_project(root, site.environ, ("canary-requirement",), name="canary-two-users")
    ran = run("release", root=root, environ={**site.environ, **site.publisher, **site.reader})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    requests = [(method, path, user) for method, path, user in site.front.requests]
    upload_url = "/repository/pypi-hosted/"
    by_publisher = {(method, path) for method, path, user in requests if user == "publisher"}
    # The first request finds a wrong password before anything is built.
    assert by_publisher == {("GET", f"{upload_url}simple/"), ("POST", upload_url)}
    assert {user for method, _, user in requests if method != "POST"} == {"publisher", "reader"}


@pytest.mark.parametrize("command", ["build", "release"])
def test_an_sdist_of_a_closed_group_is_refused_by_name(
    site: Site, tmp_path: Path, command: str
) -> None:
    root, seen = tmp_path / "project", tmp_path / "seen"
    make_project(root, site.environ, (SDIST_ONLY,))
    ran = run(command, root=root, environ={**site.environ, **site.publisher})
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert f"error E243: {SDIST_ONLY}: not built" in ran.stdout + ran.stderr
    assert {one.name for one in read_seen(seen)} == {"git"}


def test_an_sdist_of_an_open_group_is_built_beside_no_secret(site: Site, tmp_path: Path) -> None:
    root, seen = tmp_path / "project", tmp_path / "seen"
    site.front.anonymous = True
    make_project(root, site.environ, (SDIST_ONLY,))
    others = {
        name: value
        for name, value in under_other_names(site.front.publisher).items()
        if not name.startswith("UV_INDEX_")  # credentials of an index: uv would not build then
    }
    ran = run("build", root=root, environ={**site.environ, **others})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = read_seen(seen)
    assert f"{SDIST_ONLY}-backend" in {one.name for one in found}
    (built, *_) = [one for one in found if one.name == f"{SDIST_ONLY}-backend"]
    assert built.own["UV_DEFAULT_INDEX"] == (
        f"releasekit={site.front.url}/repository/pypi-group/simple/"
    )
    assert find_names(found) == []


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        pytest.param(
            {}, "set RELEASEKIT_READER_USERNAME and RELEASEKIT_READER_PASSWORD", id="none"
        ),
        pytest.param(
            {"RELEASEKIT_READER_USERNAME": "reader"},
            "error E232: RELEASEKIT_READER_PASSWORD is not set",
            id="half of them",
        ),
        pytest.param(
            {"RELEASEKIT_READER_USERNAME": "reader", "RELEASEKIT_READER_PASSWORD": "wrong"},
            "check RELEASEKIT_READER_USERNAME and RELEASEKIT_READER_PASSWORD",
            id="wrong ones",
        ),
    ],
)
@pytest.mark.parametrize("command", ["build", "plan", "search"])
def test_reading_a_closed_server_names_what_is_missing(
    site: Site, tmp_path: Path, command: str, variables: Mapping[str, str], text: str
) -> None:
    root = tmp_path / "project"
    make_project(root, site.environ, ("canary-requirement",))
    if command == "plan":
        built = run("build", root=root, environ={**site.environ, **site.reader})
        assert built.returncode == 0, built.stdout + built.stderr
    words = ("canary",) if command == "search" else ()
    ran = run(command, *words, root=root, environ={**site.environ, **variables})
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert text in ran.stdout + ran.stderr


def test_who_set_upload_credentials_alone_reads_with_them(site: Site, tmp_path: Path) -> None:
    root = tmp_path / "project"
    make_project(root, site.environ, ("canary-requirement",), name="canary-today")
    environ = {**site.environ, **site.publisher}
    for command in ("build", "check", "plan", "publish", "verify"):
        ran = run(command, root=root, environ=environ)
        assert ran.returncode == 0, (command, ran.stdout + ran.stderr)
        assert "READER" not in ran.stdout + ran.stderr


def test_netrc_reads_and_its_password_reaches_no_child(site: Site, tmp_path: Path) -> None:
    root, seen = tmp_path / "project", tmp_path / "seen"
    make_project(root, site.environ, ("canary-requirement",), name="canary-netrc")
    user, password = site.front.reader
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login {user} password {password}\n")
    environ = {**site.environ, "NETRC": str(netrc), "MY_TOKEN": password}
    ran = run("build", root=root, environ=environ)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert {user for _, _, user in site.front.requests} == {"reader"}
    found = read_seen(seen)
    assert find_own(found, site.front.reader) == []
    assert "NETRC" not in {name for one in found for name in one.own}


def test_a_wrong_upload_password_is_found_before_the_build(site: Site, tmp_path: Path) -> None:
    root = tmp_path / "project"
    make_project(root, site.environ, ("canary-requirement",))
    wrong = {**site.publisher, "TWINE_PASSWORD": "wrong"}
    ran = run("release", root=root, environ={**site.environ, **wrong, **site.reader})
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert "check TWINE_USERNAME and TWINE_PASSWORD" in ran.stdout + ran.stderr
    assert not list((root / "dist").glob("*.whl"))
