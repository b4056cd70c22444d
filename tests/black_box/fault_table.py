"""What is promised where a request of a release goes wrong: one cell per request and fault."""

from __future__ import annotations

from dataclasses import dataclass, field

MEANINGS = {
    "D": "done: status 0, both files published",
    "F": "failed: status 3, the server is named, the index stays as it was at this request",
    "T": "done, or failed",
    "C": "configuration: status 2, the server is named, the index stays as it was",
    "c": "status 2 or 3, the server is named, the index stays as it was",
    "t": "done, or status 2 or 3",
    "U": "status 1, 2 or 3, the server is named, the index stays as it was: so says a group that "
    "it does not have the dependency",
    "R": "other bytes: status 1 or 3, a file is named, the index stays as it was",
    "X": "done, or failed at any later request: the server is gone for all of them",
    ".": "does not apply",
}
STATUSES = {
    "D": (0,),
    "F": (3,),
    "T": (0, 3),
    "C": (2,),
    "c": (2, 3),
    "t": (0, 2, 3),
    "U": (1, 2, 3),
    "R": (1, 3),
    "X": (0, 3),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request of a release, and the run in which it goes wrong."""

    about: str
    index: str
    """What is published when it is sent: nothing, the wheel, or both."""
    nexus: bool = False
    """True if the real Nexus is tried too."""
    published: bool = False
    """True if the release was published before, and is run again."""
    requires: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    also: dict[str, str] = field(default_factory=dict)
    """Faults of other requests, without which this one is not sent."""


HELPER = "fault-helper"
REQUESTS = {
    "access": Request(about="access check of the hosted repository", index="nothing"),
    "build-page": Request(
        about="uv: page of a build requirement", index="nothing", requires=(HELPER,)
    ),
    "build-file": Request(
        about="uv: file of a build requirement", index="nothing", requires=(HELPER,)
    ),
    "dependency-page": Request(
        about="uv in check: group page of a dependency", index="nothing", dependencies=(HELPER,)
    ),
    "dependency-metadata": Request(
        about="uv in check: metadata of a dependency", index="nothing", dependencies=(HELPER,)
    ),
    "dependency-file": Request(
        about="check: download of a dependency", index="nothing", dependencies=(HELPER,)
    ),
    "plan-page": Request(about="plan: hosted page", index="nothing", nexus=True),
    "index-root": Request(
        about="plan: root of the index, as the page is 404", index="nothing", nexus=True
    ),
    "plan-page-again": Request(
        about="plan of a re-run: hosted page", index="both", nexus=True, published=True
    ),
    "group-page": Request(about="plan: group page", index="nothing", nexus=True),
    "settings": Request(about="REST settings of the hosted repository", index="both"),
    "wheel-upload": Request(about="upload of the wheel", index="nothing", nexus=True),
    "page-after-failure": Request(
        about="hosted page after an upload whose answer was lost",
        index="the wheel",
        nexus=True,
        also={"wheel-upload": "stored-500"},
    ),
    "page-after-upload": Request(
        about="hosted page after the wheels", index="the wheel", nexus=True
    ),
    "sdist-upload": Request(about="upload of the sdist", index="the wheel", nexus=True),
    "verify-page": Request(about="verify: group page", index="both", nexus=True),
    "wheel-download": Request(about="verify: download of the wheel", index="both"),
    "sdist-download": Request(about="verify: download of the sdist", index="both"),
    "dependency-again": Request(
        about="uv in verify: group page of a dependency", index="both", dependencies=(HELPER,)
    ),
}
"""In the order in which a release sends them."""

# Columns, from left to right: the requests above. A 403 for the root of the index stops nobody: a
# content selector of Nexus may show one project alone (docs/nexus-behaviour.md#rights).
GRID = """
                  a b b d d d p i p g s w p p s v w s d
                  c u u e e e l n l r e h - - d e h d e
                  c i i p p p a d a o t e f u i r e i p
                  e l l e e e n e n u t e a p s i e s e
                  s d d n n n   x 2 p i l i l t f l t n
refused           F F F F F F F F . F X F F F F F F F F
reset-before      F F F F F F F F . F D F F F F F F F F
reset-middle      T F F F T F T F . F D F F F F F F F F
reset-after       T T T T T T T T . T D F T T F T T T T
stall-before      F F F F F F F F . F D F F F F F F F F
stall-middle      T F F F T F T F . F D F F F F F F F F
drip-headers      F F F F F F F F . F D F F F F F F F F
drip-body         T F F F F F F F . F D F F F F F F F F
truncated         T F F F T F T F F F D D F F D F F F F
truncated-chunk   T F F F T F T F F F D D F F D F F F F
length-more       T F F F T F T F . F D D F F D F F F F
length-less       T T F T T F T T T T D D T T D T R R T
length-text       T T T T T T T T . T D D T T D T T T T
length-digits     T T T T T T T T . T D D T T D T T T T
endless-header    F F F F F F F F . F D F F F F F F F F
endless-body      T F F F F F F F . F D F F F F F F F F
endless-chunks    T F F F F F F F . F D F F F F F F F F
gzip-bomb         T F F F F F F c . F D F F F F F F F F
html-200          T F F F F F F c F F D F F F F F F F F
empty             T F F U F F D T T D D F F F F F F F F
401               C c c c c c C C . C D C c c C c c c c
403               C c c c c c C D . C D C c c C c c c c
404               c c c U c F D c T T D c F F c F F F F
429               F F F F F F F F . F D F F F F F F F F
500               F F F F F F F F . F D F F F F F F F F
503               F F F F F F F F . F D F F F F F F F F
redirect-loop     F F F F F F F F . F D F F F F F F F F
redirect-http     c T T T T c c c . c D F c c F c c c T
redirect-host     T T T T T T T T . T D F T T F T T T T
garbage           F F F F F F F F . F D F F F F F F F F
header-digits     T T T T T T T T . T D D T T D T T T T
header-controls   F F F F F F F F . F D F F F F F F F F
header-many       T T T T T T T T . T D D T T D T T T T
stored-reset      . . . . . . . . . . . D . . D . . . .
stored-500        . . . . . . . . . . . D . . D . . . .
stored-stall      . . . . . . . . . . . D . . D . . . .
other-bytes       . . F . T F . . . . . . . . . . R R .
other-md5         . T . T . . . . R . . . R R . R . . T
other-sha256      . T . T . . . . R . . . R R . R . . T
no-hash           . T . T . . . . T . . . T T . D . . T
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A request, a fault, and what is promised then."""

    request: str
    fault: str
    promise: str

    @property
    def statuses(self) -> tuple[int, ...]:
        return STATUSES[self.promise]

    @property
    def kind(self) -> str:
        """Return the name of the request as the proxy knows it."""
        return "plan-page" if self.request == "plan-page-again" else self.request

    @property
    def name(self) -> str:
        return f"{self.request}-{self.fault}"


def _read_grid() -> tuple[Cell, ...]:
    cells = []
    for line in GRID.strip("\n").splitlines()[5:]:
        fault, *promises = line.split()
        for request, promise in zip(REQUESTS, promises, strict=True):
            if promise != ".":
                cells.append(Cell(request=request, fault=fault, promise=promise))
    return tuple(cells)


CELLS = _read_grid()


def select_cells(broken: dict[str, str]) -> set[str]:
    """Return the names of few cells that have every request and every fault, kept promises first.

    A fault goes to the request that has the fewest so far.
    """
    taken: list[Cell] = []

    def cost(cell: Cell) -> tuple[bool, int]:
        return cell.name in broken, sum(other.request == cell.request for other in taken)

    for column in [*dict.fromkeys(cell.fault for cell in CELLS), *REQUESTS]:
        cells = [cell for cell in CELLS if column in (cell.fault, cell.request)]
        if not any(cell in taken for cell in cells):
            taken.append(min(cells, key=cost))
    return {cell.name for cell in taken}
