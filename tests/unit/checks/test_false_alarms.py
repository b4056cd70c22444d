"""What known packages hold, and no check may take for a fault: each was a false alarm once."""

from __future__ import annotations

import pytest

from releasekit.checks.catalog import CHECKS
from releasekit.checks.entry_points import find_dead
from releasekit.checks.model import ContentProblem, DistFacts, Member, Secret
from samples import SDIST, WHEEL, make_facts, run_checks


def find(code: str, facts: DistFacts) -> list[str]:
    checks = [check for check in CHECKS if check.code == code]
    return [finding.message for finding in run_checks(checks, [facts])]


@pytest.mark.parametrize(
    "member",
    [
        pytest.param("demo-1.0/t/unit/security/__init__.py", id="celery"),
        pytest.param("demo-1.0/src/core/tsi/test_creds/ca.key", id="grpcio"),
        pytest.param("demo-1.0/dummyserver/certs/server.key", id="urllib3"),
        pytest.param("tornado/test/test.key", id="tornado"),
    ],
)
def test_key_that_is_made_for_a_test_is_a_note(member: str) -> None:
    facts = make_facts(SDIST, secrets=(Secret(member=member, what="a private key", line=1),))
    assert find("RK401", facts) == []
    assert find("RK406", facts) == ["a private key is packed"]


@pytest.mark.parametrize(
    "member", ["acme/key.pem", "acme/latest/key.pem", "acme/contest/key.pem", "acme/tea/id_rsa"]
)
def test_key_elsewhere_is_an_error(member: str) -> None:
    facts = make_facts(SDIST, secrets=(Secret(member=member, what="a private key", line=1),))
    assert find("RK401", facts) == ["a private key is packed"]
    assert find("RK406", facts) == []


@pytest.mark.parametrize(
    ("member", "messages"),
    [
        pytest.param("demo-1.0/vendor/llhttp/.git", [], id="the file of a submodule (aiohttp)"),
        pytest.param(
            "demo-1.0/.git/config",
            ["1 file of git is packed: history, addresses, perhaps a password"],
            id="git's own directory",
        ),
    ],
)
def test_file_of_a_submodule_is_no_history(member: str, messages: list[str]) -> None:
    facts = make_facts(SDIST, members=(Member(name=member, size=40),))
    assert find("RK401", facts) == messages


COPIES = ("demo/__init__.py", "build/lib/demo/__init__.py", "demo/a.txt", "build/lib/demo/a.txt")


@pytest.mark.parametrize(
    ("code", "paths", "found"),
    [
        pytest.param("W002", ("demo/a/LICENSE", "demo/b/LICENSE"), [], id="licenses (mdit)"),
        pytest.param("W002", ("demo/py.typed", "other/py.typed"), [], id="py.typed"),
        pytest.param("W002", ("demo/x/a.ico", "demo/y/a.ico"), [], id="icons (mkdocs)"),
        pytest.param("W002", ("demo/a/compat.py", "demo/b/compat.py"), [], id="equal modules"),
        pytest.param("W002", ("six.py", "demo/six.py"), [], id="a vendored module"),
        pytest.param("W002", COPIES, ["build/lib/demo/__init__.py"], id="a package twice"),
        pytest.param("W003", ("_demo.pyi",), [], id="stub of a module (black)"),
        pytest.param("W003", ("_demo.pyi", "LICENSE"), ["LICENSE"], id="license at the top"),
        pytest.param("W004", ("rich/_data/unicode10-0-0.py",), [], id="modules of data (rich)"),
        pytest.param("W004", ("demo/{{name}}/setup.py",), [], id="templates"),
        pytest.param("W004", ("demo-stubs/__init__.pyi",), [], id="stubs"),
        pytest.param("W004", ("my-demo/__init__.py",), ["my-demo/__init__.py"], id="a package"),
        pytest.param("W004", ("my-demo.py",), ["my-demo.py"], id="a module"),
        pytest.param(
            "W004",
            ("demo-1.0.data/purelib/my-demo.py", "demo-1.0.data/purelib/demo/1.py"),
            ["demo-1.0.data/purelib/my-demo.py"],
            id="a module in NAME.data",
        ),
        pytest.param("W009", ("black/", "blackd/", "blib2to3/"), [], id="packages (black)"),
        pytest.param("W009", ("wrapt/", "wrapt-stubs/"), [], id="stubs of the package (wrapt)"),
        pytest.param("W010", ("data/",), ["data/"], id="others as they are"),
    ],
)
def test_what_check_wheel_contents_finds_has_to_be_a_fault(
    code: str, paths: tuple[str, ...], found: list[str]
) -> None:
    problem = ContentProblem(code=code, text="text", paths=paths)
    messages = find("RK302", make_facts(WHEEL, content_problems=(problem,)))
    assert messages == ([f"check-wheel-contents {code}: text: {', '.join(found)}"] if found else [])


def test_code_that_the_project_selects_is_reported_as_it_is() -> None:
    problem = ContentProblem(code="W009", text="text", paths=("a/", "b/"), selected=True)
    assert len(find("RK302", make_facts(WHEEL, content_problems=(problem,)))) == 1


@pytest.mark.parametrize(
    ("member", "found"), [("demo-1.0.data/scripts/demo", 0), ("demo-1.0.dist-info/METADATA", 1)]
)
def test_wheel_of_programs_is_not_empty(member: str, found: int) -> None:
    problem = ContentProblem(code="W007", text="Wheel library is empty")
    facts = make_facts(WHEEL, content_problems=(problem,), members=(Member(name=member),))
    assert len(find("RK302", facts)) == found


@pytest.mark.parametrize(
    ("members", "found"),
    [
        pytest.param(("demo/__init__.py", "benchmarks/__init__.py"), ["benchmarks"], id="package"),
        pytest.param(("demo/__init__.py", "conftest.py"), ["conftest.py"], id="module"),
        pytest.param(("demo/__init__.py", "demo/tools/a.py"), [], id="in the package"),
        pytest.param(("black/__init__.py", "blackd/__init__.py"), [], id="packages of the project"),
    ],
)
def test_what_developers_have_beside_the_package_is_reported(
    members: tuple[str, ...], found: list[str]
) -> None:
    facts = make_facts(WHEEL, members=tuple(Member(name=name) for name in members))
    messages = find("RK304", facts)
    assert messages == [f"{name}: installed beside everybody's packages" for name in found]


def test_package_may_have_the_name_of_what_developers_have() -> None:
    facts = make_facts("tools-1.0-py3-none-any.whl", members=(Member(name="tools/a.py"),))
    assert find("RK304", facts) == []


def test_directory_of_data_may_be_an_entry_point_as_numpys_is() -> None:
    text = "[pkg_config]\nnumpy = numpy.lib.pkgconfig\nother = numpy.lib.none\n"
    files = {"numpy/__init__.py": "", "numpy/lib/pkgconfig/numpy.pc": ""}
    members = [*files, "numpy-1.0.dist-info/entry_points.txt"]
    dead = find_dead(members, lambda name: files.get(name, text), ())
    assert [entry.why for entry in dead] == ["the wheel has no module numpy.lib.none"]


def test_hostile_dist_has_no_thousands_of_findings() -> None:
    members = tuple(Member(name=f"../{n}", size=0) for n in range(20_000))
    record = tuple(f"../{n} is not there" for n in range(20_000))
    facts = make_facts(WHEEL, members=members, record_problems=record)
    unsafe, untrue = find("RK402", facts), find("RK301", facts)
    assert (len(unsafe), len(untrue)) == (11, 11)
    assert "19990 more members are like these" in unsafe
    assert "RECORD is untrue: 19990 more of its lines or files" in untrue
