"""The question of the build requirements: a release cannot be built without them."""

from __future__ import annotations

from releasekit.doctor.model import REQUIRES, Row
from releasekit.errors import ReleasekitError, Status
from releasekit.plural import list_some

OTHER = "name an index that has it: in UV_DEFAULT_INDEX, or as index-url in pip.conf"
GROUP = (
    "have a proxy of an index that has it in the group (the row proxy says whether it works), or "
    f"upload the wheels to a member of it; or {OTHER}"
)


def judge_requires(
    requires: set[str] | None,
    index: str,
    problem: str = "",
    *,
    unbuilt: tuple[str, ...] = (),
    is_group: bool = False,
) -> Row:
    """Tell whether the index has what [build-system] requires.

    `requires` is None where no project says it, `problem` is the resolver's reason, and `unbuilt`
    are the names that have an sdist only.
    """
    if requires is None:
        return REQUIRES.unknown(
            "there is no project here that says what its build requires",
            fix="run this in the project's directory, or name it with -C",
        )
    if not requires:
        return REQUIRES.ok("the build requires nothing")
    if unbuilt:
        return REQUIRES.ok(f"{index} has them; {list_some(unbuilt)} as an sdist, which is built")
    if problem:
        reason = " ".join(problem.split())
        return REQUIRES.failed(
            f"{index} does not give what the build requires: {reason}",
            GROUP if is_group else OTHER,
        )
    return REQUIRES.ok(f"{index} has {list_some(sorted(requires))}")


def judge_failure(error: ReleasekitError) -> Row:
    """Tell what keeps a build from its requirements: a login, a certificate, an index."""
    answers = error.answers(render=str)
    text = f"{answers['what']}: {answers['where']}: {' '.join(answers['why'].split())}"
    passes = error.status is Status.FAILED
    return REQUIRES.failed(text, " ".join(answers["next"].split()), passes=passes)
