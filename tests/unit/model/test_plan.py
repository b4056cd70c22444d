from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from releasekit.model.dists import Dist
from releasekit.model.published import (
    Action,
    Plan,
    PlannedFile,
    ProjectPage,
    PublishedFile,
    compare,
    find_undecided,
    find_unproven,
)
from samples import SDIST, WHEEL, make_dist

URL = "https://nexus.example.com/repository/pypi-hosted/"
OTHER_WHEEL = "demo-1.0-cp312-cp312-linux_x86_64.whl"


def listed(filename: str, **hashes: str) -> PublishedFile:
    return PublishedFile(filename=filename, url=URL + filename, hashes=tuple(hashes.items()))


def page(*files: PublishedFile) -> ProjectPage:
    return ProjectPage(title="Links for demo", files=files)


def test_every_file_gets_its_action_and_the_reason() -> None:
    new, same, other = make_dist(WHEEL), make_dist(SDIST), make_dist(OTHER_WHEEL)
    found = page(listed(SDIST, sha256=same.sha256), listed(OTHER_WHEEL, sha256="ab"))
    conflict = f"published with sha256 ab, built with {other.sha256}"
    assert compare([new, same, other], found, url=URL) == Plan(
        url=URL,
        files=(
            PlannedFile(dist=new, action=Action.UPLOAD, why="not published yet"),
            PlannedFile(dist=same, action=Action.SKIP, why="published with the same bytes"),
            PlannedFile(dist=other, action=Action.CONFLICT, why=conflict),
        ),
    )


def test_other_md5_is_a_conflict_without_a_download() -> None:
    dist = make_dist()
    found = page(listed(WHEEL, md5="ab"))
    assert find_undecided([dist], found) == find_unproven([dist], found) == ()
    (planned,) = compare([dist], found, url=URL).files
    assert planned.why == f"published with md5 ab, built with {dist.md5}"


def test_same_md5_is_planned_by_and_proven_later() -> None:
    wheel, sdist = make_dist(WHEEL), make_dist(SDIST)
    with_md5, without = listed(WHEEL, md5=wheel.md5), listed(SDIST)
    found = page(with_md5, without)
    assert find_undecided([wheel, sdist], found) == (without,)
    assert find_unproven([wheel, sdist], found) == (with_md5, without)
    (planned,) = compare([wheel], found, url=URL).files
    assert planned.action is Action.SKIP


def test_sha256_proves_and_what_is_not_listed_needs_no_proof() -> None:
    wheel, sdist = make_dist(WHEEL), make_dist(SDIST)
    found = page(listed(WHEEL, sha256="ab", md5=wheel.md5))
    assert find_undecided([wheel, sdist], found) == find_unproven([wheel, sdist], found) == ()


def test_wheels_go_first_and_the_sdist_last() -> None:
    dists = [make_dist(SDIST), make_dist(WHEEL), make_dist(OTHER_WHEEL)]
    plan = compare(dists, page(), url=URL)
    names = [dist.filename for dist in plan.having(Action.UPLOAD)]
    assert names == [OTHER_WHEEL, WHEEL, SDIST]
    assert plan.having(Action.SKIP) == ()


contents = st.dictionaries(
    st.sampled_from([WHEEL, SDIST, OTHER_WHEEL]), st.sampled_from([b"one", b"two"]), min_size=1
)


@given(built=contents, published=contents, algorithm=st.sampled_from(["sha256", "md5"]))
def test_plan_never_uploads_what_is_published_and_conflicts_iff_bytes_differ(
    built: dict[str, bytes], published: dict[str, bytes], algorithm: str
) -> None:
    dists = [make_dist(name, content) for name, content in built.items()]
    found = page(
        *(
            listed(name, **{algorithm: hashlib.new(algorithm, content).hexdigest()})
            for name, content in published.items()
        )
    )
    for file in compare(dists, found, url=URL).files:
        ours, theirs = built[file.dist.filename], published.get(file.dist.filename)
        assert (file.action is Action.UPLOAD) == (theirs is None)
        assert (file.action is Action.CONFLICT) == (theirs is not None and ours != theirs)
        assert (file.action is Action.SKIP) == (ours == theirs)


@given(built=contents, published=contents)
def test_carrying_out_a_plan_leaves_nothing_to_do(
    built: dict[str, bytes], published: dict[str, bytes]
) -> None:
    dists: list[Dist] = [make_dist(name, content) for name, content in built.items()]
    before = [make_dist(name, content) for name, content in published.items()]
    first = compare(dists, page(*(listed(d.filename, sha256=d.sha256) for d in before)), url=URL)
    after = [*before, *first.having(Action.UPLOAD)]
    second = compare(dists, page(*(listed(d.filename, sha256=d.sha256) for d in after)), url=URL)
    assert second.having(Action.UPLOAD) == ()
    assert second.having(Action.CONFLICT) == first.having(Action.CONFLICT)
