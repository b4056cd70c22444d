"""Searching the real Nexus: names, versions, rights, and the line that installs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from uv import find_uv_bin

from contract.nexus_admin import VIEW, NexusAdmin
from contract.upstream import run_upstream
from releasekit_nexus import Nexus
from stored import Stored, store
from support import Command, ProjectDir, Ran

VERSIONS = ("1.2", "1.10", "2.0rc1")


@pytest.fixture(scope="module")
def admin(nexus: Nexus) -> Iterator[NexusAdmin]:
    with requests.Session() as session:
        yield NexusAdmin(nexus, session)


@pytest.fixture(scope="module")
def stored(
    nexus: Nexus, admin: NexusAdmin, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stored]:
    with store(nexus, admin, tmp_path_factory.mktemp("dist"), *VERSIONS) as made:
        yield made


@pytest.fixture
def where(tmp_path: Path, user_environ: dict[str, str]) -> ProjectDir:
    """A directory that holds no project: a consumer needs none."""
    return ProjectDir(root=tmp_path, environ=user_environ)


def error(ran: Ran) -> str:
    """The message, whole."""
    return ran.out[ran.out.index("error E") :]


SPELLINGS: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "underscores": lambda name: name.replace("-", "_"),
    "wildcard": lambda name: f"{name[:-3]}*",
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_a_project_is_found_in_every_spelling(
    where: ProjectDir,
    nexus: Nexus,
    stored: Stored,
    releasekit: Command,
    spell: Callable[[str], str],
) -> None:
    ran = releasekit("search", spell(stored.name), "--json", project=where, server=nexus)
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)["search"]["hits"] == [
        {
            "name": stored.name,
            "version": "1.10",
            "versions": ["2.0rc1", "1.10", "1.2"],
            "installed": None,
            "repository": nexus.hosted,
        }
    ]


def test_the_printed_line_installs_and_the_next_search_knows(
    where: ProjectDir, nexus: Nexus, stored: Stored, releasekit: Command, tmp_path: Path
) -> None:
    venv = tmp_path / "venv"
    subprocess.run((find_uv_bin(), "venv", "-q", "--seed", "-p", sys.executable, venv), check=True)
    arguments = (f"{stored.name}==1.2", "--python", "venv")
    ran = releasekit("search", *arguments, project=where, server=nexus)
    line = re.search("^install +(.*)$", ran.out, flags=re.MULTILINE)
    assert line, ran
    # Without the machine's REQUESTS_CA_BUNDLE, which would beat --cert.
    environ = {"PATH": f"{venv}/bin:/usr/bin:/bin", "HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"}
    subprocess.run(("/bin/sh", "-c", line[1]), env=environ, check=True, capture_output=True)
    ran = releasekit("search", *arguments, project=where, server=nexus)
    width = len(stored.name)
    assert re.sub(r"  \d\.\d s$| in \d\.\d s$| +$", "", ran.out, flags=re.MULTILINE) == (
        f"search    1 project for {stored.name}==1.2\n"
        f"          {'name':<{width}}   version   installed   repository\n"
        f"          {stored.name}   1.2       1.2         {nexus.hosted}\n"
        f"python    {venv}/bin/python\n"
        f"install   {line[1]}\n"
        "done      search\n"
    )


def test_a_ca_that_is_no_file_cannot_stand_in_the_line(
    where: ProjectDir, nexus: Nexus, stored: Stored, releasekit: Command
) -> None:
    assert nexus.ca_bundle is not None
    pem = {"RELEASEKIT_CA_BUNDLE": nexus.ca_bundle.read_text()}
    ran = releasekit("search", stored.name, project=where, server=nexus, **pem)
    assert "--cert" not in ran.out
    assert (
        "note      ca-bundle is not one file: the line needs what releasekit pip-config --apply "
        "writes\n"
    ) in ran.out


def test_all_pages_of_the_answer_are_read(
    where: ProjectDir, nexus: Nexus, admin: NexusAdmin, releasekit: Command, tmp_path: Path
) -> None:
    versions = [f"1.{number}" for number in range(51)]  # a page has 50
    with store(nexus, admin, tmp_path, *versions) as many:
        ran = releasekit("search", many.name, "--json", project=where, server=nexus)
    (hit,) = json.loads(ran.out)["search"]["hits"]
    assert sorted(hit["versions"]) == sorted(versions)


@pytest.mark.parametrize("right", ["read", "browse"])
def test_a_user_with_the_groups_rights_alone_searches_the_index(
    where: ProjectDir,
    nexus: Nexus,
    admin: NexusAdmin,
    stored: Stored,
    releasekit: Command,
    right: str,
) -> None:
    # Nexus answers the one with nothing, the other with 403.
    with admin.user([f"{VIEW}-{nexus.group}-{r}" for r in {"read", right}]) as reader:
        ran = releasekit(
            "search",
            stored.name[:-1],
            "--json",
            project=where,
            server=nexus,
            TWINE_USERNAME=reader.username,
            TWINE_PASSWORD=reader.password,
        )
    assert ran.status == 0, ran.err
    (hit,) = json.loads(ran.out)["search"]["hits"]
    assert (hit["name"], hit["versions"], hit["repository"]) == (
        stored.name,
        ["2.0rc1", "1.10", "1.2"],
        nexus.group,
    )


def test_what_a_proxy_has_not_fetched_yet_is_found(
    where: ProjectDir, nexus: Nexus, admin: NexusAdmin, stored: Stored, releasekit: Command
) -> None:
    name, group = f"far-{stored.name}", f"all-{stored.name}"
    with run_upstream() as upstream:
        upstream.page(name, f'href="/files/{name}-3.0.tar.gz">{name}-3.0.tar.gz')
        admin.create_proxy(name, upstream.url, timeout=5, fresh=True)
        admin.create_group(group, (nexus.hosted, name))
        variables = {"RELEASEKIT_GROUP": group, "TWINE_USERNAME": "", "TWINE_PASSWORD": ""}
        ran = releasekit("search", name, "--json", project=where, server=nexus, **variables)
        admin.remove(group)
        admin.remove(name)
    (hit,) = json.loads(ran.out)["search"]["hits"]
    assert (hit["name"], hit["versions"], hit["repository"]) == (name, ["3.0"], group)


def test_without_credentials_the_line_to_install_has_no_user(
    where: ProjectDir,
    nexus: Nexus,
    admin: NexusAdmin,
    stored: Stored,
    releasekit: Command,
    tmp_path: Path,
) -> None:
    nobody = {"TWINE_USERNAME": "", "TWINE_PASSWORD": "", "HOME": str(tmp_path)}
    with admin.closed():
        ran = releasekit("search", stored.name, project=where, server=nexus, **nobody)
        netrc = tmp_path / ".netrc"
        netrc.write_text(f"machine 127.0.0.1 login {nexus.username} password {nexus.password}\n")
        netrc.chmod(0o600)
        again = releasekit("search", stored.name, project=where, server=nexus, **nobody)
    assert (ran.status, error(ran)) == (
        2,
        "error E233: reading this needs a user name and a password\n"
        f"  where: {nexus.simple_url(nexus.group)}{stored.name}/\n"
        "  why:   the server answered 401 Unauthorized, and there are no credentials for reading: "
        "not in\n"
        "         RELEASEKIT_READER_USERNAME and RELEASEKIT_READER_PASSWORD, not in ~/.netrc (or "
        "the file\n"
        "         that NETRC names), not in TWINE_USERNAME and TWINE_PASSWORD\n"
        "  next:  set RELEASEKIT_READER_USERNAME and RELEASEKIT_READER_PASSWORD to a user who may "
        "read;\n"
        "         or add the host to ~/.netrc (machine HOST login NAME password PASSWORD; chmod "
        "600),\n"
        "         which pip and uv read too\n",
    )
    assert again.status == 0, again


@pytest.mark.parametrize(
    ("word", "why", "fix"),
    [
        pytest.param(
            "{name}==7",
            "{name} has other versions: 2.0rc1, 1.10, 1.2",
            "releasekit search {name}",
            id="version",
        ),
        pytest.param(
            "{name}x",
            r"none of its \d+ projects has a name like \*{name}x\*",
            r"did you mean {name}\? releasekit search {name}",
            id="name",
        ),
    ],
)
def test_nothing_found(
    where: ProjectDir,
    nexus: Nexus,
    stored: Stored,
    releasekit: Command,
    word: str,
    why: str,
    fix: str,
) -> None:
    word = word.format(name=stored.name)
    ran = releasekit("search", word, project=where, server=nexus)
    assert ran.status == 1
    assert re.fullmatch(
        f"error E154: nothing found for {word}\n"
        f"  where: {nexus.upload_url(nexus.group)}\n"
        f"  why:   {why}\n"
        f"  next:  {fix}\n".format(name=stored.name),
        error(ran),
    ), ran.out
