from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from releasekit.model.project import (
    DEFAULT_PATTERNS,
    Development,
    History,
    ReleaseTag,
    StatedVersion,
    parse_tag,
    propose_patterns,
    render_tag,
)

NUMBERS = st.integers(min_value=0, max_value=9999)


@st.composite
def versions(draw: st.DrawFn) -> str:
    """A version in PEP 440's normal form: epoch, release, pre, post, dev and local."""
    epoch = draw(st.sampled_from(["", "1!", "2026!"]))
    release = ".".join(str(part) for part in draw(st.lists(NUMBERS, min_size=1, max_size=4)))
    marks = (draw(st.sampled_from(["a", "b", "rc"])), ".post", ".dev")
    parts = [f"{mark}{draw(NUMBERS)}" for mark in marks if draw(st.booleans())]
    return epoch + release + "".join(parts) + draw(st.sampled_from(["", "+local.1"]))


patterns = st.sampled_from(
    [
        *("v{version}", "{version}", "pkg-a/v{version}", "r{version}-final"),
        *("rel_{version:_}", "{version:-}", "r{version:--}-x", "{version:__}", "pkg/{version:/}"),
    ]
)


@pytest.mark.parametrize(
    ("name", "pattern", "version"),
    [
        pytest.param("v1.2.3", DEFAULT_PATTERNS, "1.2.3", id="with a v"),
        pytest.param("1.2.3", DEFAULT_PATTERNS, "1.2.3", id="without a v"),
        pytest.param("v1.2.3rc1", DEFAULT_PATTERNS, "1.2.3rc1", id="candidate"),
        pytest.param("v1!2.0", DEFAULT_PATTERNS, "1!2.0", id="epoch"),
        pytest.param("v1.2.3-rc.1", DEFAULT_PATTERNS, "1.2.3rc1", id="another spelling"),
        pytest.param("pkg-a/v2", ("pkg-a/v{version}",), "2", id="monorepo"),
        pytest.param("2-final", ("{version}-final",), "2", id="text behind"),
        pytest.param("v1", ("v{version}", "{version}"), "1", id="first pattern that fits"),
        pytest.param("1.0+b", ("v{version}", "{version}"), "1.0+b", id="second pattern"),
        pytest.param("rel_2_0_52", ("rel_{version:_}",), "2.0.52", id="underscores"),
        pytest.param("rel_2_0_0b1", ("rel_{version:_}",), "2.0.0b1", id="underscores, beta"),
        pytest.param("r_2_0_rc_1", ("r_{version:_}",), "2.0rc1", id="underscores, spelled"),
        pytest.param("REL_15", ("REL_{version:_}",), "15", id="one number has no separator"),
        pytest.param("2024-05-01", ("{version:-}",), "2024.5.1", id="a date"),
        pytest.param("r-1-2-x", ("r-{version:-}-x",), "1.2", id="dashes, text behind"),
        pytest.param("1_2+a.b", ("{version:_}",), "1.2+a.b", id="underscores, local"),
        pytest.param("1.2", ("{version:.}",), "1.2", id="dots by name"),
    ],
)
def test_tag_names_a_version(name: str, pattern: tuple[str, ...], version: str) -> None:
    assert parse_tag(name, pattern) == ReleaseTag(name=name, version=Version(version))


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        pytest.param("latest", DEFAULT_PATTERNS, id="word"),
        pytest.param("v", DEFAULT_PATTERNS, id="v alone"),
        pytest.param("vv1", DEFAULT_PATTERNS, id="two v"),
        pytest.param("v1.2.x", DEFAULT_PATTERNS, id="no version behind the v"),
        pytest.param("v1.0", ("{version}",), id="a v that the pattern lacks"),
        pytest.param("1.0", ("v{version}",), id="no v that the pattern has"),
        pytest.param("pkg-b/v1", ("pkg-a/v{version}",), id="the neighbour's tag"),
        pytest.param("pkgXa/v1", ("pkg.a/v{version}",), id="a dot is a dot"),
        pytest.param("²", DEFAULT_PATTERNS, id="a digit that is none"),
        pytest.param("rel_2.0", ("rel_{version:_}",), id="dots where there are underscores"),
        pytest.param("rel_2-0", ("rel_{version:_}x",), id="other text behind"),
        pytest.param("rel_2_0", ("rel_{version}",), id="underscores that the pattern lacks"),
    ],
)
def test_other_tags_name_no_version(name: str, pattern: tuple[str, ...]) -> None:
    assert parse_tag(name, pattern) is None


@given(versions(), patterns)
def test_every_version_survives_its_tag(version: str, pattern: str) -> None:
    name = render_tag(version, (pattern, "other-{version}"))
    assert parse_tag(name, (pattern,)) == ReleaseTag(name=name, version=Version(version))


@given(st.text(max_size=20), patterns)
def test_any_text_is_a_tag_of_its_version_or_none(name: str, pattern: str) -> None:
    found = parse_tag(name, (pattern,))
    assert found is None or (found.name, found.version) == (name, Version(str(found.version)))


@pytest.mark.parametrize(
    ("name", "pattern", "version"),
    [
        ("rel_2_0_52", "rel_{version:_}", "2.0.52"),
        ("rel_2_0_0b1", "rel_{version:_}", "2.0.0b1"),
        ("REL_15_2", "REL_{version:_}", "15.2"),
        ("curl-8_5_0", "curl-{version:_}", "8.5.0"),
        ("release-2024-05-01", "release-{version:-}", "2024.5.1"),
        ("demo2-1-2-3", "demo2-{version:-}", "1.2.3"),
        ("py3-demo-1.2.3", "py3-demo-{version}", "1.2.3"),
        ("pkg-a/v1.2", "pkg-a/v{version}", "1.2"),
        ("V1.2.3", "V{version}", "1.2.3"),
        ("1.2.3.Final", "{version}.Final", "1.2.3"),
        ("v1.2.3-rc.1", "v{version}", "1.2.3rc1"),
        ("release_1_2_3_final", "release_{version:_}_final", "1.2.3"),
        ("boost1_2", "boost{version:_}", "1.2"),
        ("release-7", "release-{version}", "7"),
    ],
)
def test_pattern_is_proposed_that_fits_a_tag(name: str, pattern: str, version: str) -> None:
    tag = ReleaseTag(name=name, version=Version(version))
    assert propose_patterns([name]) == {pattern: tag}
    assert parse_tag(name, (pattern,)) == tag


@pytest.mark.parametrize("name", ["latest", "nightly", "build42", "1.2.x", "v1-broken"])
def test_no_pattern_is_proposed_for_other_tags(name: str) -> None:
    assert propose_patterns([name]) == {}


@given(st.text(max_size=20))
def test_every_proposed_pattern_fits_its_tag(name: str) -> None:
    for pattern, tag in propose_patterns([name]).items():
        assert parse_tag(name, (pattern,)) == tag


def find_version(stated: str, history: History) -> Version:
    place = StatedVersion(file="setup.cfg", keys=("metadata", "version"), version=Version(stated))
    return Development(stated=place, history=history).version


def after(last: str | None, commits: int = 4) -> History:
    tag = ReleaseTag(name=f"v{last}", version=Version(last)) if last else None
    return History(last=tag, commits=commits, has_tags=bool(last))


@pytest.mark.parametrize(
    ("stated", "last", "version"),
    [
        pytest.param("1.2.3", "1.2.3", "1.2.4.dev4", id="the last release"),
        pytest.param("1.2.2", "1.2.3", "1.2.4.dev4", id="below it"),
        pytest.param("1.3.0", "1.2.3", "1.3.0.dev4", id="above it"),
        pytest.param("1.3", "1.2.3", "1.3.dev4", id="above it, as it is spelled"),
        pytest.param("0.1.0", None, "0.1.0.dev4", id="no release yet"),
        pytest.param("1.3.0.dev0", "1.2.3", "1.3.0.dev4", id="a .devN that stands there"),
        pytest.param("1.2.3.dev9", "1.2.3", "1.2.4.dev4", id="a .devN of the last release"),
        pytest.param("1.3.0+local", "1.2.3", "1.3.0.dev4", id="a local version"),
        pytest.param("1.3.0rc1", "1.2.3", "1.3.0rc1.dev4", id="the next candidate"),
        pytest.param("1.2.3.post1", "1.2.3", "1.2.3.post1.dev4", id="the next post release"),
        pytest.param("1.2.3.post1", "1.2.3.post1", "1.2.4.dev4", id="the last post release"),
        pytest.param("1.3.0rc1", "1.3.0rc1", "1.3.0rc2.dev4", id="the last candidate"),
        # 1.3.0.dev4 would be below the candidate (PEP 440).
        pytest.param("1.3.0", "1.3.0rc1", "1.3.0rc2.dev4", id="the release of the candidate"),
        pytest.param("1.4.0", "1.3.0rc1", "1.4.0.dev4", id="above the candidate"),
        pytest.param("1.2", "1.2", "1.2.1.dev4", id="two numbers"),
        pytest.param("5", "5", "5.0.1.dev4", id="one number"),
        pytest.param("1.2.3.4", "1.2.3.4", "1.2.3.5.dev4", id="four numbers"),
        pytest.param("3.0", "1!1.2.3", "1!1.2.4.dev4", id="an epoch"),
    ],
)
def test_development_version(stated: str, last: str | None, version: str) -> None:
    assert str(find_version(stated, after(last))) == version


@given(versions(), versions().filter(lambda text: "dev" not in text), st.integers(0, 999))
def test_development_version_is_above_the_last_release(
    stated: str, last: str, commits: int
) -> None:
    version = find_version(stated, after(last, commits))
    assert version.is_devrelease
    assert version > Version(last)
    assert find_version(stated, after(last, commits + 1)) > version
