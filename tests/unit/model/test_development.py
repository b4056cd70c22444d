from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from releasekit.model.development import History, next_version
from releasekit.model.versions import ReleaseTag
from unit.model.test_versions import versions


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
    assert str(next_version(Version(stated), after(last))) == version


@given(versions(), versions().filter(lambda text: "dev" not in text), st.integers(0, 999))
def test_development_version_is_above_the_last_release(
    stated: str, last: str, commits: int
) -> None:
    version = next_version(Version(stated), after(last, commits))
    assert version.is_devrelease
    assert version > Version(last)
    assert next_version(Version(stated), after(last, commits + 1)) > version
