"""What came of a proof: for the checks, the file that it leaves, and the terminal."""

from dataclasses import dataclass, field, replace

from releasekit.checks.model import FailedTest, ForeignDependency, ProjectFacts
from releasekit.model.record import WheelResult
from releasekit.plural import list_some, plural


@dataclass(kw_only=True)
class Proved:
    """What came of the proof.

    `source` is the index that requirements were resolved against; "" for none. The dependencies,
    and those of them that were built from sdists, are file names; the texts of the locks go by
    theirs. The modules are what dependencies installed, by dotted names.
    """

    source: str = ""
    tests: list[WheelResult] = field(default_factory=list)
    failures: list[FailedTest] = field(default_factory=list)
    foreign: list[ForeignDependency] = field(default_factory=list)
    dependencies: set[str] = field(default_factory=set)
    built: dict[str, None] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)
    imported: dict[str, None] = field(default_factory=dict)
    smoke_tests: int = 0
    locks: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    """What imports and smoke tests wrote."""

    def add_to(self, project: ProjectFacts) -> ProjectFacts:
        """Return the facts of a project with what the proof found."""
        return replace(
            project,
            test_failures=tuple(self.failures),
            foreign_dependencies=tuple(self.foreign),
            built_dependencies=tuple(self.built),
            dependency_modules=frozenset(self.modules),
        )

    @property
    def has_installed(self) -> bool:
        """Tell whether a wheel was installed and tried."""
        return any(test.result == "passed" for test in self.tests)

    def describe(self) -> str:
        """Return what was installed, imported and run, in a few words."""
        if not self.has_installed:
            return "not installed here"
        tested = [test.python for test in self.tests if test.result == "passed" and test.python]
        words = []
        if self.dependencies:
            words.append(f"with {plural(len(self.dependencies), 'dependency', 'dependencies')}")
        words.append(f"imports {list_some(tuple(self.imported)) or 'nothing'}")
        if self.smoke_tests:
            words.append(plural(self.smoke_tests, "smoke test"))
        return f"{', '.join(words)} (Python {', '.join(dict.fromkeys(tested))})"
