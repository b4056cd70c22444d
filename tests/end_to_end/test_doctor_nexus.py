"""The doctor on a real Nexus: each row is shown failing, with its whole message."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from contract.nexus_admin import VIEW, NexusAdmin
from contract.upstream import Reply, Upstream, run_upstream
from end_to_end.front_server import run_front
from in_process import Recorder, open_command
from nexus_double import WritePolicy
from releasekit.commands.doctor import diagnose as examine
from releasekit.commands.doctor import refuse_failed
from releasekit.doctor.model import QUESTIONS, Diagnosis, Row, State
from releasekit.errors import ReleasekitError, Status, render_plainly
from releasekit_nexus import Nexus
from support import Command, ProjectDir, public_index

PROVISION = "releasekit provision --apply"
RIGHTS = ("add", "browse", "read")
ADMIN_ASK = "or set RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD"


@pytest.fixture(scope="module")
def admin(nexus: Nexus) -> Iterator[NexusAdmin]:
    with requests.Session() as session:
        yield NexusAdmin(nexus, session)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Repositories of one test, of which the proxy has an upstream that answers."""

    hosted: str
    proxy: str
    group: str
    upstream: Upstream


@pytest.fixture
def place(nexus: Nexus, admin: NexusAdmin) -> Iterator[Place]:
    name = f"doctor-{secrets.token_hex(3)}"
    hosted, proxy, group = f"{name}-hosted", f"{name}-proxy", f"{name}-group"
    with ExitStack() as stack:
        upstream = stack.enter_context(run_upstream())
        upstream.page("pip", 'href="pip-1.tar.gz#md5=00">pip-1.tar.gz')
        admin.create_hosted(hosted, "allow_once", strict=True)
        stack.callback(admin.remove, hosted)
        admin.create_proxy(proxy, upstream.url, timeout=5, fresh=True)
        stack.callback(admin.remove, proxy)
        admin.create_group(group, (hosted, proxy))
        stack.callback(admin.remove, group)
        yield Place(hosted=hosted, proxy=proxy, group=group, upstream=upstream)


Diagnose = Callable[..., dict[str, Row]]


@pytest.fixture
def diagnose(
    project: ProjectDir, nexus: Nexus, place: Place, user_environ: dict[str, str]
) -> Diagnose:
    """Run the doctor as the administrator, who sees all; return its rows by their titles."""

    def run(*, status: Status, probe: bool = True, **variables: str) -> dict[str, Row]:
        environ = {
            **user_environ,
            **public_index(),
            **nexus.environ(),
            "RELEASEKIT_HOSTED": place.hosted,
            "RELEASEKIT_PROXY": place.proxy,
            "RELEASEKIT_GROUP": place.group,
            "TWINE_USERNAME": nexus.admin_username,
            "TWINE_PASSWORD": nexus.admin_password,
            **nexus.admin_environ(),
            **variables,
        }
        arguments = ("doctor", *(["--probe"] if probe else []))
        with open_command(
            *arguments, root=project.root, environ=environ, recorder=Recorder()
        ) as ctx:
            diagnosis = examine(ctx)
        assert find_status(diagnosis) is status
        assert [row.question for row in diagnosis.rows] == list(QUESTIONS)
        for secret in (nexus.admin_password, variables.get("TWINE_PASSWORD")):
            assert not secret or secret not in repr(diagnosis)
        return {row.question.title: row for row in diagnosis.rows}

    return run


def find_status(diagnosis: Diagnosis) -> Status:
    try:
        refuse_failed(diagnosis)
    except ReleasekitError as error:
        return error.status
    return Status.DONE


def judged(row: Row) -> tuple[str, str, str]:
    return row.state.value, row.text, render_plainly(row.what_to_do.removeprefix("fix: "))


def test_all_is_well(diagnose: Diagnose, place: Place, nexus: Nexus, project: ProjectDir) -> None:
    project.git("tag", "-d", "v1.2.3")
    rows = diagnose(status=Status.DONE)
    source = "TWINE_USERNAME and TWINE_PASSWORD"
    beside = "administrator admin, from RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD"
    address = nexus.url.removeprefix("https://")
    tls = rows.pop("TLS")
    assert tls.state is State.OK
    assert f"trusted by ca-bundle {nexus.ca_bundle} (TLSv1.2)" in tls.text
    assert len(tls.lines) == 2
    assert all("; SHA-256 " in line for line in tls.lines)
    assert {title: (row.state.value, row.text) for title, row in rows.items()} == {
        "address": ("ok", f"{address} takes connections"),
        "server": ("ok", "Nexus 3.30.0 (OSS)"),
        "writable": ("ok", "it serves, and takes changes"),
        "credentials": ("ok", f"user admin, from {source}; {beside}"),
        "hosted": ("ok", f"{place.hosted} is hosted, for PyPI, online"),
        "redeploy": ("ok", f"{place.hosted} takes each file once"),
        "upload": ("ok", f"user admin may upload to {place.hosted}; a form without a file told"),
        "group": ("ok", f"{place.group} has {place.hosted}, {place.proxy}"),
        "proxy": ("ok", f"{place.proxy} reaches {place.upstream.url}"),
        "name": ("ok", f"nobody has plain publicly, as {place.proxy} says"),
        "version": ("ok", f"1.2.3 is free in {place.hosted}"),
        "clock": ("ok", "the server's is within 60 s of this machine's"),
        "admin": ("ok", "the well-known password of admin is not accepted"),
        "anonymous": ("ok", f"nobody uploads to {place.hosted} without credentials"),
        "encryption": ("ok", "the address is https"),
        "requires": ("ok", "the index that uv is configured with has flit-core>=3.12"),
    }


def test_read_only_mode(diagnose: Diagnose, admin: NexusAdmin) -> None:
    with admin.frozen():
        row = diagnose(status=Status.FAILED)["writable"]
    text = re.sub(r"[-\d]+ [:\d]+ \+00:00", "THEN", row.text)
    assert (row.state, text, row.fix) == (
        State.FAILED,
        "it is in read-only mode (Requested by an administrator at THEN)",
        "wait, where a backup runs; else its administrator ends the mode: Administration, System, "
        "Nodes",
    )


def test_wrong_password(diagnose: Diagnose) -> None:
    rows = diagnose(status=Status.REFUSED, TWINE_PASSWORD="wrong-pass")
    assert judged(rows["credentials"]) == (
        "failed",
        "the server answered 401 to user admin, from TWINE_USERNAME and TWINE_PASSWORD",
        "check TWINE_USERNAME and TWINE_PASSWORD; Nexus answers 401 to a disabled user as well",
    )
    assert judged(rows["upload"]) == ("unknown", "nobody to ask as", "fix credentials first, above")


def test_no_credentials(diagnose: Diagnose) -> None:
    nothing = {"TWINE_USERNAME": "", "TWINE_PASSWORD": ""}
    assert judged(diagnose(status=Status.REFUSED, **nothing)["credentials"]) == (
        "failed",
        "there are none: not in TWINE_USERNAME and TWINE_PASSWORD, not in a section of .pypirc "
        "that -r names, not in the keyring",
        "set TWINE_USERNAME and TWINE_PASSWORD (in CI: masked, protected variables)",
    )


def test_hosted_that_is_not_there(diagnose: Diagnose) -> None:
    assert judged(diagnose(status=Status.REFUSED, RELEASEKIT_HOSTED="nowhere")["hosted"]) == (
        "failed",
        "there is no repository nowhere",
        f"check hosted, or create it: {PROVISION}",
    )


def test_hosted_that_is_a_group(diagnose: Diagnose, place: Place) -> None:
    rows = diagnose(status=Status.REFUSED, RELEASEKIT_HOSTED=place.group, RELEASEKIT_GROUP="")
    assert judged(rows["hosted"]) == (
        "failed",
        f"{place.group} is a group repository of format pypi",
        "set hosted to the name of a hosted PyPI repository",
    )
    assert judged(rows["upload"]) == (
        "failed",
        f"{place.group} takes no uploads of Python packages (404 Not Found)",
        "set hosted to a hosted PyPI repository: a group and a proxy take none",
    )


def test_hosted_that_is_offline(diagnose: Diagnose, place: Place, admin: NexusAdmin) -> None:
    with admin.offline(place.hosted):
        row = diagnose(status=Status.REFUSED)["hosted"]
    fix = f"{PROVISION}, or tick Online in its settings"
    assert judged(row) == ("failed", f"{place.hosted} is offline", fix)


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ("allow", "lets published files be overwritten"),
        ("deny", "takes no uploads: its deployment policy is deny"),
    ],
)
def test_hosted_that_does_not_take_each_file_once(
    diagnose: Diagnose, place: Place, admin: NexusAdmin, policy: WritePolicy, text: str
) -> None:
    admin.set_policy(place.hosted, policy)
    assert judged(diagnose(status=Status.REFUSED)["redeploy"]) == (
        "failed",
        f"{place.hosted} {text}",
        f"{PROVISION}, or set its deployment policy to Disable redeploy",
    )


def test_user_who_may_read_alone(
    diagnose: Diagnose, place: Place, admin: NexusAdmin, nexus: Nexus
) -> None:
    rights = [f"{VIEW}-{name}-read" for name in (place.hosted, place.group)]
    with admin.user(rights) as reader:
        login = {"TWINE_USERNAME": reader.username, "TWINE_PASSWORD": reader.password}
        rows = diagnose(status=Status.REFUSED, RELEASEKIT_ADMIN_PASSWORD="", **login)
    user = f"user {reader.username}"
    assert judged(rows["upload"]) == (
        "failed",
        f"{user} may not upload to {place.hosted} (403 Forbidden)",
        f"ask the Nexus administrator for the privilege {VIEW}-{place.hosted}-add",
    )
    assert judged(rows["redeploy"]) == (
        "unknown",
        f"{user} may not see the settings",
        f"ask: somebody with nx-repository-admin-pypi-{place.hosted}-read, {ADMIN_ASK}",
    )
    assert judged(rows["group"]) == (
        "unknown",
        f"{user} may not see its members",
        f"ask: somebody with nx-repository-admin-pypi-{place.group}-read, {ADMIN_ASK}",
    )
    assert judged(rows["proxy"]) == (
        "unknown",
        f"{user} may not read {place.proxy} (403 Forbidden)",
        f"ask: somebody with {VIEW}-{place.proxy}-read, {ADMIN_ASK}",
    )


def test_the_section_of_pypirc_that_a_release_would_use(
    nexus: Nexus,
    place: Place,
    admin: NexusAdmin,
    project: ProjectDir,
    releasekit: Command,
    tmp_path: Path,
) -> None:
    rights = [f"{VIEW}-{name}-{right}" for name in (place.hosted, place.group) for right in RIGHTS]
    with admin.user(rights) as publisher:
        (tmp_path / ".pypirc").write_text(
            "[distutils]\nindex-servers = oracle-dba\n\n[oracle-dba]\n"
            f"repository = {nexus.url}/repository/{place.hosted}\n"
            f"username = {publisher.username}\npassword = {publisher.password}\n"
            f"ca_cert = {nexus.ca_bundle}\n"
        )
        arguments = ("doctor", "-r", "oracle-dba", "--probe")
        elsewhere = {"RELEASEKIT_URL": "https://nexus.invalid", "HOME": str(tmp_path)}
        elsewhere |= public_index()
        names = {"RELEASEKIT_GROUP": place.group, "RELEASEKIT_PROXY": place.proxy}
        ran = releasekit(*arguments, project=project, **elsewhere, **names)
    assert ran.status == 0, ran
    shown = ran.out.splitlines()
    who = f"user {publisher.username}"
    source = ".pypirc section oracle-dba"
    assert f"  ok       RK505 credentials {who}, from {source}" in shown
    assert f"  ok       RK506 hosted      {place.hosted} is hosted, for PyPI, online" in shown
    # Nothing is to be fixed where rights are missing: somebody else can tell.
    redeploy = shown.index(f"  unknown  RK507 redeploy    {who} may not see the settings")
    ask = f"ask: somebody with nx-repository-admin-pypi-{place.hosted}-read, {ADMIN_ASK}"
    assert shown[redeploy + 1] == f"{'':30}{ask}"
    upload = f"{who} may upload to {place.hosted}; a form without a file told"
    assert f"  ok       RK508 upload      {upload}" in shown
    assert publisher.password not in ran.out + ran.err


def test_a_section_that_is_no_repository_of_a_nexus(
    project: ProjectDir, releasekit: Command, tmp_path: Path
) -> None:
    (tmp_path / ".pypirc").write_text(
        "[distutils]\nindex-servers = other\n\n[other]\n"
        "repository = https://index.example.com/legacy/\n"
    )
    ran = releasekit("doctor", "-r", "other", project=project, HOME=str(tmp_path))
    assert ran.status == 2
    assert ran.out.endswith(
        "error E215: -r other: no such repository in .pypirc\n"
        "  where: ~/.pypirc\n"
        "  why:   repository has no /repository/NAME/ in it, and a repository of Nexus has\n"
        "  next:  add [other] with `repository = https://…` (of Nexus: https://…/repository/NAME/)\n"
        "         and its name to index-servers under [distutils]\n"
    )


def test_group_without_hosted(
    diagnose: Diagnose, place: Place, admin: NexusAdmin, nexus: Nexus
) -> None:
    group = f"{place.group}-less"
    admin.create_group(group, (place.proxy,))
    rows = diagnose(status=Status.REFUSED, RELEASEKIT_GROUP=group)
    admin.remove(group)
    assert judged(rows["group"]) == (
        "failed",
        f"{group} does not have {place.hosted} ({place.proxy}): releases would not be "
        "installable from it",
        f"{PROVISION}, or add {place.hosted} to its members, first",
    )


def test_group_with_the_proxy_first(diagnose: Diagnose, place: Place, admin: NexusAdmin) -> None:
    group = f"{place.group}-back"
    admin.create_group(group, (place.proxy, place.hosted))
    rows = diagnose(status=Status.REFUSED, RELEASEKIT_GROUP=group)
    admin.remove(group)
    assert judged(rows["group"]) == (
        "failed",
        f"{group} has {place.proxy} before {place.hosted}: a public file of the same name would "
        "win",
        f"{PROVISION}, or move {place.hosted} before it",
    )


def test_proxy_whose_remote_is_away(diagnose: Diagnose, place: Place, admin: NexusAdmin) -> None:
    proxy = f"{place.proxy}-away"
    admin.create_proxy(proxy, "http://127.0.0.1:9/", timeout=2, fresh=True)
    rows = diagnose(status=Status.FAILED, RELEASEKIT_PROXY=proxy)
    admin.remove(proxy)
    assert judged(rows["proxy"]) == (
        "failed",
        f"{proxy} cannot reach http://127.0.0.1:9/ (502 Bad Gateway)",
        "its administrator sees why in its settings: the remote's address, the HTTP proxy, or a "
        "CA that the trust store lacks",
    )
    assert judged(rows["name"]) == (
        "unknown",
        f"{proxy} does not say who has plain",
        "fix proxy first, above",
    )


def test_name_that_is_taken_publicly_and_then_blocked(
    diagnose: Diagnose, place: Place, admin: NexusAdmin
) -> None:
    place.upstream.page("plain", 'href="plain-9.tar.gz#md5=00">plain-9.tar.gz')
    assert judged(diagnose(status=Status.REFUSED)["name"]) == (
        "failed",
        "plain exists publicly, with 1 file: its higher version wins",
        f"write it into own-names, then {PROVISION}: a rule blocks the public one; or rename the "
        "project",
    )
    admin.block(place.proxy, ("^/simple/plain/.*",))
    row = diagnose(status=Status.DONE)["name"]
    admin.block(place.proxy, ())
    assert judged(row) == ("ok", f"plain is blocked by a routing rule of {place.proxy}", "")


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """One fault, by its settings or by what is done to a repository of its own."""

    row: str
    settings: dict[str, str] = field(default_factory=dict)
    spoil: Callable[[NexusAdmin, Place], AbstractContextManager[None]] | None = None
    expected: tuple[str, str, str]
    status: Status = Status.REFUSED


@contextmanager
def blocked_by_hand(admin: NexusAdmin, place: Place) -> Iterator[None]:
    path = f"repositories/pypi/proxy/{place.proxy}"
    document = admin.ask("GET", path)
    client = {**document["httpClient"], "blocked": True}
    admin.ask("PUT", path, {**document, "httpClient": client})
    yield


@contextmanager
def of_another_format(admin: NexusAdmin, name: str) -> Iterator[None]:
    storage = {
        "blobStoreName": "default",
        "strictContentTypeValidation": False,
        "writePolicy": "allow_once",
    }
    admin.ask("POST", "repositories/raw/hosted", {"name": name, "online": True, "storage": storage})
    yield
    admin.remove(name)


WRONG = {
    "hosted is of another format": Wrong(
        row="hosted",
        settings={"RELEASEKIT_HOSTED": "{hosted}-raw"},
        spoil=lambda admin, place: of_another_format(admin, f"{place.hosted}-raw"),
        expected=(
            "failed",
            "{hosted}-raw is a hosted repository of format raw",
            "set hosted to the name of a hosted PyPI repository",
        ),
    ),
    "group is not there": Wrong(
        row="group",
        settings={"RELEASEKIT_GROUP": "nowhere"},
        expected=(
            "failed",
            "there is no repository nowhere",
            f"check group, or create it: {PROVISION}",
        ),
    ),
    "group is none": Wrong(
        row="group",
        settings={"RELEASEKIT_GROUP": "{proxy}", "RELEASEKIT_PROXY": "nowhere"},
        expected=(
            "failed",
            "{proxy} is a proxy repository of format pypi",
            "set group to the name of a PyPI group",
        ),
    ),
    "no group": Wrong(
        row="group",
        settings={"RELEASEKIT_GROUP": ""},
        expected=("ok", "none is configured: releases are installed from {hosted} itself", ""),
        status=Status.DONE,
    ),
    "group is offline": Wrong(
        row="group",
        spoil=lambda admin, place: admin.offline(place.group),
        expected=("failed", "{group} is offline", f"{PROVISION}, or tick Online in its settings"),
    ),
    "proxy is not there": Wrong(
        row="proxy",
        settings={"RELEASEKIT_PROXY": "nowhere"},
        expected=(
            "warning",
            "there is no repository nowhere",
            f"set proxy to the name of yours, or {PROVISION}",
        ),
        status=Status.DONE,
    ),
    "proxy is offline": Wrong(
        row="proxy",
        spoil=lambda admin, place: admin.offline(place.proxy),
        expected=("failed", "{proxy} is offline", f"{PROVISION}, or tick Online in its settings"),
        status=Status.FAILED,
    ),
    "proxy is blocked": Wrong(
        row="proxy",
        spoil=blocked_by_hand,
        expected=(
            "failed",
            "{proxy} is blocked by hand: it does not ask {upstream}",
            f"{PROVISION}, or untick Blocked in its settings",
        ),
        status=Status.FAILED,
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_a_repository(
    diagnose: Diagnose, place: Place, admin: NexusAdmin, wrong: Wrong
) -> None:
    names = {"hosted": place.hosted, "proxy": place.proxy, "group": place.group}
    settings = {key: value.format(**names) for key, value in wrong.settings.items()}
    with wrong.spoil(admin, place) if wrong.spoil else nullcontext():
        row = diagnose(status=wrong.status, **settings)[wrong.row]
    said = tuple(text.format(**names, upstream=place.upstream.url) for text in wrong.expected)
    assert judged(row) == said


@pytest.mark.parametrize("status", [403, 404, 429])
def test_proxy_whose_remote_refuses_says_nothing_of_names(
    diagnose: Diagnose, place: Place, status: int
) -> None:
    """Nexus answers 404 for all of them, and keeps that answer."""
    for name in ("plain", "pip"):
        place.upstream.answers[f"/simple/{name}/"] = Reply(status=status)
    rows = diagnose(status=Status.DONE)
    assert judged(rows["proxy"]) == (
        "unknown",
        f"{place.proxy} answered 404 Not Found for pip, which every public index has",
        f"ask: its administrator whether its remote is right ({place.upstream.url}), and answers "
        "Nexus",
    )
    assert judged(rows["name"]) == (
        "unknown",
        f"{place.proxy} answered 404 Not Found for pip too, which every public index has",
        "fix proxy first, above",
    )


@pytest.mark.parametrize("exists", [False, True], ids=["missing", "hosted"])
def test_what_is_no_proxy_says_nothing_of_names(
    diagnose: Diagnose, place: Place, admin: NexusAdmin, exists: bool
) -> None:
    name = f"{place.hosted}-other"
    if exists:
        admin.create_hosted(name, "allow_once", strict=True)
    rows = diagnose(status=Status.DONE, RELEASEKIT_PROXY=name)
    if exists:
        admin.remove(name)
    answer = "404 Not Found" if exists else "404 Repository not found"
    assert judged(rows["name"])[:2] == (
        "unknown",
        f"{name} answered {answer} for pip too, which every public index has",
    )
    assert rows["proxy"].state is State.WARNING


def test_user_who_may_not_even_read(
    diagnose: Diagnose, place: Place, admin: NexusAdmin, nexus: Nexus
) -> None:
    with admin.closed(), admin.user([]) as stranger:
        login = {"TWINE_USERNAME": stranger.username, "TWINE_PASSWORD": stranger.password}
        rows = diagnose(status=Status.REFUSED, RELEASEKIT_ADMIN_PASSWORD="", **login)
    who = f"user {stranger.username}"
    assert judged(rows["hosted"]) == (
        "failed",
        f"{who} may not read {place.hosted} (403 Forbidden), and a release compares with it",
        f"ask the Nexus administrator for the privilege {VIEW}-{place.hosted}-read",
    )
    assert judged(rows["group"]) == (
        "failed",
        f"{who} may not read {place.group} (403 Forbidden), and releases install from it",
        f"ask the Nexus administrator for {VIEW}-{place.group}-read",
    )
    assert judged(rows["name"]) == (
        "unknown",
        f"{place.proxy} may not be read (403 Forbidden)",
        f"ask: somebody with {VIEW}-{place.proxy}-read, {ADMIN_ASK}",
    )


def test_a_project_that_says_neither_its_name_nor_its_version(
    diagnose: Diagnose, project: ProjectDir
) -> None:
    project.git("tag", "-d", "v1.2.3")
    project.write("pyproject.toml", '[build-system]\nrequires = ["setuptools"]\n')
    rows = diagnose(status=Status.DONE)
    assert judged(rows["name"]) == (
        "unknown",
        "it is not written in pyproject.toml or setup.cfg, and nothing is built yet",
        "releasekit build, then run this again",
    )
    assert judged(rows["version"]) == (
        "unknown",
        "HEAD has no release tag, and no version is written in pyproject.toml",
        "git tag VERSION, then run this again",
    )


def test_version_that_is_published_with_other_bytes(
    diagnose: Diagnose, place: Place, nexus: Nexus, project: ProjectDir
) -> None:
    filename = "plain-1.2.3.tar.gz"
    assert judged(diagnose(status=Status.DONE)["version"]) == (
        "ok",
        f"1.2.3 is free in {place.hosted}",
        "",
    )
    done = requests.post(
        nexus.upload_url(place.hosted),
        data={":action": "file_upload", "name": "plain", "version": "1.2.3"},
        files={"content": (filename, b"\x1f\x8b\x08\x00 other")},
        auth=(nexus.admin_username, nexus.admin_password),
        verify=str(nexus.ca_bundle),
        timeout=60,
    )
    assert done.status_code == 200
    assert judged(diagnose(status=Status.DONE)["version"]) == (
        "unknown",
        f"1.2.3 has 1 file in {place.hosted}, and nothing is built to compare them with",
        "releasekit build, then run this again",
    )
    (project.root / "dist").mkdir()
    built = project.root / "dist" / filename
    built.write_bytes(b"\x1f\x8b\x08\x00 other")
    assert diagnose(status=Status.DONE)["version"].text == (
        f"1.2.3 is in {place.hosted} with the same bytes: 1 file"
    )
    built.write_bytes(b"\x1f\x8b\x08\x00 ours")
    assert judged(diagnose(status=Status.REFUSED)["version"]) == (
        "failed",
        f"1.2.3 is in {place.hosted} with other bytes: {filename}",
        "release a new version: git tag NEXT-VERSION",
    )


def test_unknown_ca(diagnose: Diagnose, nexus: Nexus) -> None:
    rows = diagnose(status=Status.REFUSED, RELEASEKIT_CA_BUNDLE="")
    row = rows["TLS"]
    root = row.lines[-1].partition(";")[0]
    assert judged(row) == (
        "failed",
        "self-signed certificate in certificate chain",
        f"get the certificate of {root} from who runs that CA, compare its SHA-256 with the last "
        'one above, and set ca-bundle = "FILE.pem" in [tool.releasekit] (or RELEASEKIT_CA_BUNDLE)',
    )
    assert judged(rows["server"]) == ("unknown", "not asked", "fix TLS first, above")


def test_anybody_may_upload(diagnose: Diagnose, place: Place, admin: NexusAdmin) -> None:
    before = admin.ask("GET", "security/anonymous")
    with admin.user([f"{VIEW}-{place.hosted}-{right}" for right in ("add", "read")]) as user:
        admin.ask("PUT", "security/anonymous", {**before, "userId": user.username})
        try:
            row = diagnose(status=Status.REFUSED)["anonymous"]
        finally:
            admin.ask("PUT", "security/anonymous", before)
    assert judged(row) == (
        "failed",
        f"anybody may upload to {place.hosted} without credentials",
        "its administrator takes the privilege add from the role of the anonymous user: Security, "
        "Anonymous Access",
    )


def test_well_known_password(diagnose: Diagnose, admin: NexusAdmin, nexus: Nexus) -> None:
    path = f"{nexus.url}/service/rest/v1/security/users/admin/change-password"
    verify, kind = str(nexus.ca_bundle), {"Content-Type": "text/plain"}

    def change(old: str, new: str) -> None:
        done = requests.put(
            path, data=new, auth=("admin", old), headers=kind, verify=verify, timeout=60
        )
        assert done.status_code == 204

    change(nexus.admin_password, "admin123")
    try:
        known = dict.fromkeys(("TWINE_PASSWORD", "RELEASEKIT_ADMIN_PASSWORD"), "admin123")
        row = diagnose(status=Status.REFUSED, **known)["admin"]
    finally:
        change("admin123", nexus.admin_password)
    assert judged(row) == (
        "failed",
        "admin still has its well-known password: anybody may change anything",
        "its administrator changes it now: sign in as admin, Account, Change password",
    )


SECURITY = ("content-security-policy", "x-content-type-options", "x-xss-protection")
TRANSPORT = {"address", "TLS", "encryption", "server"}


@pytest.mark.parametrize(
    "hides",
    [pytest.param((), id="as nginx by default"), pytest.param(SECURITY, id="other headers, too")],
)
def test_a_front_server_that_hides_the_name_changes_no_other_row(
    diagnose: Diagnose, nexus: Nexus, hides: tuple[str, ...]
) -> None:
    direct = diagnose(status=Status.DONE)
    with run_front(nexus.url, nexus.ca_bundle, hides=hides) as url:
        behind = diagnose(status=Status.DONE, RELEASEKIT_URL=url)
    assert judged(behind["server"]) == ("ok", "Nexus 3.30.0, behind nginx/1.22.1", "")
    for title in direct.keys() - TRANSPORT:
        # Answers without a page are told by their headers alone.
        if not hides or title not in ("writable", "credentials", "admin"):
            assert judged(behind[title]) == judged(direct[title])


def test_a_front_server_that_passes_the_repositories_alone_on_fails_no_row(
    diagnose: Diagnose, nexus: Nexus, place: Place
) -> None:
    with run_front(nexus.url, nexus.ca_bundle, passes="/repository/") as url:
        rows = diagnose(status=Status.DONE, RELEASEKIT_URL=url)
    assert judged(rows["server"]) == (
        "unknown",
        "a Nexus, whose front server (nginx/1.22.1) does not pass /service/rest/ on: it answered "
        "404 Not Found",
        "let the front server pass /service/rest/ on to Nexus as well; a release does without",
    )
    assert judged(rows["hosted"]) == ("ok", f"{place.hosted} serves an index", "")
    states = {title: rows[title].state for title in ("credentials", "upload", "version", "proxy")}
    assert set(states.values()) == {State.OK}, states


def test_a_wrong_password_is_found_out_where_the_repositories_alone_are_passed_on(
    diagnose: Diagnose, nexus: Nexus
) -> None:
    with run_front(nexus.url, nexus.ca_bundle, passes="/repository/") as url:
        rows = diagnose(status=Status.REFUSED, RELEASEKIT_URL=url, TWINE_PASSWORD="not the one")
    assert rows["credentials"].state is State.FAILED


def test_a_release_goes_through_a_front_server(
    releasekit: Command, project: ProjectDir, nexus: Nexus, place: Place
) -> None:
    with run_front(nexus.url, nexus.ca_bundle, passes="/repository/") as url:
        ran = releasekit(
            "release",
            project=project,
            server=nexus,
            RELEASEKIT_URL=url,
            RELEASEKIT_HOSTED=place.hosted,
            RELEASEKIT_GROUP=place.group,
            TWINE_USERNAME=nexus.admin_username,
            TWINE_PASSWORD=nexus.admin_password,
        )
    assert ran.status == 0, ran


def test_build_requirements_come_from_the_group_and_it_has_none(
    diagnose: Diagnose, nexus: Nexus, place: Place
) -> None:
    rows = diagnose(status=Status.REFUSED, UV_DEFAULT_INDEX="")
    state, text, _ = judged(rows["requires"])
    group = f"{nexus.url}/repository/{place.group}/"
    assert (state, text.startswith(f"{group} does not give what the build requires: ")) == (
        "failed",
        True,
    )
    assert "flit-core" in text
