"""What known packages hold, and no check may take for a fault: each was a false alarm once."""

from __future__ import annotations

import pytest

from releasekit.checks.catalog import CHECKS
from releasekit.checks.entry_points import find_dead
from releasekit.checks.facts import ContentProblem, DistFacts, Member
from releasekit.checks.model import run_checks
from releasekit.checks.secrets import Secret
from samples import SDIST, WHEEL, make_facts


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


def test_each_code_of_check_wheel_contents_is_told_once() -> None:
    problems = [
        ContentProblem(code="W002", text="Wheel contains duplicate files", paths=(f"{n}", f"{n}a"))
        for n in range(417)
    ]
    other = ContentProblem(code="W009", text="Wheel contains multiple toplevel library entries")
    messages = find("RK302", make_facts(WHEEL, content_problems=(*problems, other)))
    assert len(messages) == 2
    assert messages[0].endswith("; 416 more of W002")
    assert "W009" in messages[1]


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        pytest.param(("wrapt/", "wrapt-stubs/"), 0, id="stubs of the package"),
        pytest.param(("wrapt/", "other-stubs/"), 1, id="stubs of another"),
        pytest.param(("wrapt/", "wrapt-stubs/", "other/"), 1, id="a third one"),
    ],
)
def test_stubs_beside_their_package_are_no_second_package(
    paths: tuple[str, ...], found: int
) -> None:
    problem = ContentProblem(code="W009", text="multiple toplevel library entries", paths=paths)
    assert len(find("RK302", make_facts(WHEEL, content_problems=(problem,)))) == found


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
