from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from raising import raises_error
from releasekit.errors import ReleasekitError
from releasekit.errors.refused import (
    DIRTY_TREE,
    NO_RELEASE_TAG,
    SHALLOW_CLONE,
    TAG_NOT_ON_HEAD,
    TAGS_DISAGREE,
    TAGS_NAME_NO_VERSION,
)
from releasekit.model.project import (
    DEFAULT_PATTERNS,
    Commit,
    Project,
    ReleaseTag,
    find_release_tag,
    find_rival_tags,
    refuse_unreleasable,
)
from unit.model.test_versions import versions

TAG = ReleaseTag(name="v1.0", version=Version("1.0"))


def make_commit(**changes: Any) -> Commit:
    facts: dict[str, Any] = {"tags": (), "changed": (), "shallow": False, **changes}
    return Commit(root=Path("/work/demo"), sha="0123456789abcdef", time=1_700_000_000, **facts)


def make_project(tag: ReleaseTag | None = TAG, **changes: Any) -> Project:
    return Project(root=Path("/work/demo"), commit=make_commit(**changes), tag=tag)


@pytest.mark.parametrize(
    ("tags", "wanted", "found"),
    [
        pytest.param((), None, None, id="no tag"),
        pytest.param(("latest",), None, None, id="no release tag"),
        pytest.param(("latest", "v1.0"), None, "v1.0", id="the release tag among others"),
        pytest.param(("v1.0",), None, "v1.0", id="one"),
        pytest.param(("v1.0", "v1.0rc1"), None, "v1.0", id="the final one"),
        pytest.param(("v1.0rc10", "v1.0rc9"), None, "v1.0rc10", id="two candidates"),
        pytest.param(("1.0", "v1.0"), None, "v1.0", id="with and without the v"),
        pytest.param(("v1.0", "v1.0.0"), None, "v1.0.0", id="1.0 and 1.0.0 are one version"),
        pytest.param(("v1.0", "v1.0rc1"), "v1.0rc1", "v1.0rc1", id="the wanted one"),
        pytest.param(("v1.0", "v2.0"), "v1.0", "v1.0", id="wanted, where tags disagree"),
    ],
)
def test_release_tag_is_found(tags: tuple[str, ...], wanted: str | None, found: str | None) -> None:
    tag = find_release_tag(make_commit(tags=tags), DEFAULT_PATTERNS, wanted)
    assert (tag.name if tag else None) == found


def test_tags_of_different_releases_are_refused() -> None:
    with raises_error(TAGS_DISAGREE) as caught:
        find_release_tag(make_commit(tags=("v2.0", "v1.0")), DEFAULT_PATTERNS)
    assert str(caught.value) == (
        "error E104: the tags on HEAD name different versions\n"
        "  where: /work/demo, commit 0123456789: v1.0, v2.0\n"
        "  why:   only a candidate and its final version may share a commit\n"
        "  next:  choose one: releasekit release --tag v2.0 (in CI: RELEASEKIT_TAG=v2.0)"
    )


def test_tags_of_different_releases_are_named_in_order() -> None:
    with raises_error(TAGS_DISAGREE) as caught:
        find_release_tag(make_commit(tags=("v1.10", "v1.9", "v1.9rc1")), DEFAULT_PATTERNS)
    assert caught.value.answers()["where"] == "/work/demo, commit 0123456789: v1.9rc1, v1.9, v1.10"


@given(st.lists(versions(), min_size=1, max_size=4))
def test_choice_does_not_depend_on_the_order(names: list[str]) -> None:
    def choose(tags: Sequence[str]) -> ReleaseTag | str | None:
        try:
            return find_release_tag(make_commit(tags=tuple(tags)), DEFAULT_PATTERNS)
        except ReleasekitError as error:
            return error.entry.code

    assert choose(names) == choose(names[::-1])


@pytest.mark.parametrize(("tags", "there"), [((), "none"), (("v1.0", "x"), "v1.0, x")])
def test_wanted_tag_has_to_be_on_head(tags: tuple[str, ...], there: str) -> None:
    with raises_error(TAG_NOT_ON_HEAD) as caught:
        find_release_tag(make_commit(tags=tags), DEFAULT_PATTERNS, "v3")
    assert str(caught.value) == (
        "error E105: the tag v3 is not on HEAD\n"
        "  where: /work/demo, commit 0123456789\n"
        f"  why:   the tags on HEAD: {there}\n"
        "  next:  git checkout v3 (or fetch it first: git fetch origin tag v3)"
    )


@pytest.mark.parametrize(
    ("tags", "changed", "rivals"),
    [
        pytest.param(("v1.0",), (), (), id="alone"),
        pytest.param(("v1.0", "v1.0rc1", "v2.0"), (), ("v1.0rc1", "v2.0"), id="other versions"),
        pytest.param(("v1.0", "1.0.0", "latest"), (), (), id="the same version, and none"),
        pytest.param(("v1.0", "v1.0rc1"), ("f",), (), id="a changed tree is released as none"),
    ],
)
def test_tags_of_other_versions_are_rivals(
    tags: tuple[str, ...], changed: tuple[str, ...], rivals: tuple[str, ...]
) -> None:
    project = make_project(tags=tags, changed=changed)
    assert find_rival_tags(project, DEFAULT_PATTERNS) == rivals


def test_wanted_tag_has_to_be_a_version() -> None:
    with raises_error(TAGS_NAME_NO_VERSION) as caught:
        find_release_tag(make_commit(tags=("latest", "v1.0")), DEFAULT_PATTERNS, "latest")
    assert str(caught.value) == (
        "error E103: no tag on HEAD is a version\n"
        "  where: /work/demo, commit 0123456789: latest\n"
        "  why:   latest: no match for v{version} or {version}\n"
        "  next:  git tag v1.2.3, then run this again; or set `tag` in [tool.releasekit] to your "
        "pattern,\n"
        "         commit it, and tag the new commit"
    )


def test_pattern_that_fits_the_tag_is_proposed() -> None:
    with raises_error(TAGS_NAME_NO_VERSION) as caught:
        refuse_unreleasable(make_project(None, tags=("nightly", "rel_2_0_52")), DEFAULT_PATTERNS)
    assert caught.value.answers() == {
        "what": "no tag on HEAD is a version",
        "where": "/work/demo, commit 0123456789: nightly, rel_2_0_52",
        "why": "nightly, rel_2_0_52: no match for v{version} or {version}\n"
        'tag = "rel_{version:_}" in [tool.releasekit] makes rel_2_0_52 the version 2.0.52',
        "next": "git tag v2.0.52, then run this again; or set that pattern,\n"
        "commit it, and tag the new commit",
    }


def test_tagged_commit_may_be_released() -> None:
    refuse_unreleasable(make_project(tags=("v1.0",)), DEFAULT_PATTERNS)


def test_commit_without_a_tag_may_not() -> None:
    with raises_error(NO_RELEASE_TAG) as caught:
        refuse_unreleasable(make_project(None), ("pkg-a/v{version}",))
    assert str(caught.value) == (
        "error E101: HEAD has no release tag\n"
        "  where: /work/demo, commit 0123456789\n"
        "  why:   a release is named by a tag like pkg-a/v1.2.3 on the commit that is checked out\n"
        "  next:  git tag pkg-a/v1.2.3 && git push origin pkg-a/v1.2.3, then run this again on "
        "that tag"
    )


def test_refusal_of_a_shallow_clone_says_how_to_get_the_tags() -> None:
    with raises_error(SHALLOW_CLONE) as caught:
        refuse_unreleasable(make_project(None, shallow=True), DEFAULT_PATTERNS)
    answers = caught.value.answers()
    assert answers["why"] == "this clone is shallow, so its tags may be missing"
    assert answers["next"] == (
        "git fetch --unshallow --tags, then run this again (in GitLab: GIT_DEPTH: 0)"
    )


def test_tags_that_are_no_versions_are_named() -> None:
    with raises_error(TAGS_NAME_NO_VERSION) as caught:
        refuse_unreleasable(make_project(None, tags=("latest", "x")), DEFAULT_PATTERNS)
    assert caught.value.answers()["where"] == "/work/demo, commit 0123456789: latest, x"


@pytest.mark.parametrize(
    ("count", "files"),
    [
        pytest.param(1, "f0", id="one"),
        pytest.param(5, "f0, f1, f2, f3, f4", id="as many as are shown"),
        pytest.param(7, "f0, f1, f2, f3, f4 and 2 more", id="more"),
    ],
)
def test_changed_tree_may_not_be_released(count: int, files: str) -> None:
    changed = tuple(f"f{number}" for number in range(count))
    with raises_error(DIRTY_TREE) as caught:
        refuse_unreleasable(make_project(changed=changed), DEFAULT_PATTERNS)
    assert str(caught.value) == (
        "error E107: the working tree has uncommitted changes\n"
        f"  where: /work/demo: {files}\n"
        "  why:   a release holds what the tag v1.0 holds, and these files differ from it\n"
        "  next:  git stash (or commit and tag again), then run this again"
    )


@pytest.mark.parametrize(
    ("changed", "dirty", "name"), [((), False, TAG), (("f",), True, None)], ids=["clean", "dirty"]
)
def test_tag_names_what_is_built_of_a_clean_tree_only(
    changed: tuple[str, ...], dirty: bool, name: ReleaseTag | None
) -> None:
    project = make_project(changed=changed)
    assert (project.dirty, project.released_as) == (dirty, name)
