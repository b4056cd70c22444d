"""The proof: requirements resolve, the wheel installs with them, imports, and its smoke test runs.

`check` does it with what was built, before anything is uploaded; `verify` with what the index
serves.
"""

from __future__ import annotations

import contextlib
import platform
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from releasekit.archives import read_metadata
from releasekit.build.backend import BuildOptions, build_wheel
from releasekit.checks.facts import FailedTest, ForeignDependency, ProjectFacts, Unresolved
from releasekit.commands.record import load_dists, load_record
from releasekit.context import ProjectContext
from releasekit.errors import BuildFailed, ReleasekitError
from releasekit.errors.failed import NOT_RESOLVED
from releasekit.index.layouts import open_index
from releasekit.model.dists import (
    Dist,
    DistKind,
    NotADistError,
    parse_filename,
    parse_metadata,
)
from releasekit.model.proof import UNRESOLVED, WheelResult
from releasekit.model.record import Record
from releasekit.model.simple_page import PublishedFile
from releasekit.plural import list_some, plural
from releasekit.proof.environment import (
    RUNNING,
    Interpreter,
    find_interpreter,
    list_tags,
    read_installed,
)
from releasekit.proof.imports import find_imports, import_all
from releasekit.proof.install import install_offline
from releasekit.proof.lock import Dependency, Store, choose_wheel, find_local, render_lock
from releasekit.proof.resolve import Resolution, Resolver
from releasekit.proof.smoke import run_smoke_tests
from releasekit.tempdirs import open_tempdir
from releasekit.threads import run_in_threads
from releasekit.uv.indexes import BuildIndex, find_own_names
from releasekit.uv.settings_files import read_pip_settings, read_uv_settings
from releasekit.uv.sources import Source, use_configured, use_group
from releasekit.workspace import RECORD

if TYPE_CHECKING:
    from packaging.metadata import RawMetadata

NOT_HERE = "no wheel of the release is for this Python and platform"
FOREIGN = "it is for another Python or platform"
NOT_FOUND = re.compile(r"(\S+) was not found in the package registry")
"""How uv 0.13 says that no index has a name."""
ROUNDS = 20
"""Most dependencies that are built from sdists, for one Python."""


@dataclass(kw_only=True)
class Proved:
    """What came of the proof."""

    source: str = ""
    """Which index requirements were resolved against; "" for none."""
    tests: list[WheelResult] = field(default_factory=list)
    unresolved: list[Unresolved] = field(default_factory=list)
    failures: list[FailedTest] = field(default_factory=list)
    foreign: list[ForeignDependency] = field(default_factory=list)
    dependencies: dict[str, Dependency] = field(default_factory=dict)
    """By file name."""
    imported: dict[str, None] = field(default_factory=dict)
    smoke_tests: int = 0
    locks: dict[str, str] = field(default_factory=dict)
    """Texts by file name."""
    log: list[str] = field(default_factory=list)
    """What imports and smoke tests wrote."""

    def add_to(self, project: ProjectFacts) -> ProjectFacts:
        """Return the facts of a project with what the proof found."""
        built = tuple(one.filename for one in self.dependencies.values() if one.built)
        return replace(
            project,
            unresolved=tuple(self.unresolved),
            test_failures=tuple(self.failures),
            foreign_dependencies=tuple(self.foreign),
            built_dependencies=built,
        )

    def describe(self) -> str:
        """Return what was installed, imported and run, in a few words."""
        tested = [test.python for test in self.tests if test.result == "passed" and test.python]
        if not tested:
            return "not installed here"
        words = []
        if self.dependencies:
            words.append(f"with {plural(len(self.dependencies), 'dependency', 'dependencies')}")
        words.append(f"imports {list_some(tuple(self.imported)) or 'nothing'}")
        if self.smoke_tests:
            words.append(plural(self.smoke_tests, "smoke test"))
        return f"{', '.join(words)} (Python {', '.join(dict.fromkeys(tested))})"


def begin_environments(ctx: ProjectContext) -> None:
    """Begin to make the environment of the Python that runs, which most proofs need."""
    if not ctx.settings.pythons or RUNNING.version in ctx.settings.pythons:
        ctx.environments.begin()


def find_wheels_for_here(ctx: ProjectContext, dists: Sequence[Dist]) -> tuple[str, ...]:
    """Return the names of the wheels that a proof on this machine installs."""
    wheels = [dist for dist in dists if dist.named.kind is DistKind.WHEEL]
    found = (
        _choose(wheels, interpreter)
        for version in ctx.settings.pythons or (RUNNING.version,)
        if (interpreter := find_interpreter(version, ctx.network.environ))
    )
    return tuple(dict.fromkeys(wheel.filename for wheel in found if wheel))


def prove(ctx: ProjectContext, record: Record, dists: Sequence[Dist]) -> Proved:
    """Prove the wheels of a release with each Python that it is for.

    What the package is to blame for is in the result. Raises what keeps the proof from being made:
    errors of networks, indexes, logins and machines.
    """
    proved = Proved()
    wheels = [dist for dist in dists if dist.named.kind is DistKind.WHEEL]
    for version in ctx.settings.pythons or (RUNNING.version,):
        interpreter = find_interpreter(version, ctx.network.environ)
        wheel = _choose(wheels, interpreter) if interpreter else None
        if interpreter and wheel:
            with open_tempdir("releasekit-proof-") as tempdir:
                result = _WheelProof(ctx, proved, record, wheel, interpreter, tempdir).make()
            proved.tests.append(result)
            continue
        reason = NOT_HERE if interpreter else f"Python {version} is not on this machine"
        if not interpreter:
            ctx.progress.note(f"not verified with Python {version}: it is not on this machine")
        proved.tests.append(_not_tested(version, None, reason))
    tested = {test.wheel for test in proved.tests}
    for wheel in wheels:
        if wheel.filename not in tested:
            proved.tests.append(_not_tested(None, wheel, FOREIGN))
    return proved


def _not_tested(python: str | None, wheel: Dist | None, reason: str) -> WheelResult:
    filename = wheel.filename if wheel else None
    return WheelResult(python=python, wheel=filename, result="not tested", reason=reason)


def _choose(wheels: Sequence[Dist], interpreter: Interpreter) -> Dist | None:
    """Return the wheel that an installer takes for a Python; None if there is none for it."""
    order = {tag: number for number, tag in enumerate(list_tags(interpreter))}
    ranked = [
        (min(order[tag] for tag in wheel.named.tags if tag in order), wheel)
        for wheel in wheels
        if not wheel.named.tags.isdisjoint(order)
    ]
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def find_source(ctx: ProjectContext) -> Source:
    """Return where the requirements of a release come from: the group, if there is one.

    Without a group it is the hosted repository and what uv or pip are configured with; before a
    release into a sandbox the latter alone, which then decides nothing.
    """
    environ = ctx.network.installer_environ
    if ctx.group:
        return use_group(ctx.group, environ)
    url = ctx.target.upload_url
    hosted = BuildIndex(url=url, credentials=ctx.target.find_reader(url))
    return use_configured(
        environ,
        pip=read_pip_settings(environ),
        uv=read_uv_settings(ctx.root, environ),
        root=ctx.root,
        hosted=None if ctx.into_sandbox else hosted,
    )


class _WheelProof:
    """The proof of one wheel with one Python."""

    def __init__(
        self,
        ctx: ProjectContext,
        proved: Proved,
        record: Record,
        wheel: Dist,
        interpreter: Interpreter,
        tempdir: Path,
    ) -> None:
        self._ctx, self._proved, self._wheel = ctx, proved, wheel
        self._record, self._interpreter, self._tempdir = record, interpreter, tempdir
        self._metadata: RawMetadata = parse_metadata(read_metadata(wheel) or b"")[0]
        self._name = wheel.named.name
        self._built: dict[str, Dependency] = {}
        """Wheels that were built of sdists, by file name."""

    def make(self) -> WheelResult:
        """Resolve, fetch, install offline, import, run the smoke test."""
        version, wheel = self._interpreter.version, self._wheel
        python = self._metadata.get("requires_python", "")
        if not _allows(python, self._interpreter):
            self._add_unresolved(f"the package requires Python {python}")
            return _not_tested(version, wheel, "RK119")
        self._ctx.environments.begin(self._interpreter)
        needs = _read_requirements(self._metadata)
        dependencies: list[Dependency] = []
        if needs:
            source = find_source(self._ctx)
            if reason := self._find_unverifiable(source, needs):
                text = f"whether the requirements can be installed ({reason})"
                self._ctx.progress.note(f"not verified: {text}")
                return _not_tested(version, wheel, UNRESOLVED)
            found = self._find_dependencies(source, needs)
            if isinstance(found, str):
                return _not_tested(version, wheel, found)
            dependencies = found
        return self._test(dependencies)

    def _find_unverifiable(self, source: Source, needs: Sequence[Requirement]) -> str:
        """Return why these requirements may not be looked for in this index; "" if they may."""
        own = find_own_names(map(str, needs), self._ctx.settings.own_names)
        if source.decides or not own:
            return ""
        return f"no group was asked for {list_some(own)}, which `own-names` has"

    def _find_dependencies(
        self, source: Source, needs: Sequence[Requirement]
    ) -> list[Dependency] | str:
        """Resolve the requirements and fetch them; return why not, if that is impossible."""
        ctx = self._ctx
        self._proved.source = source.name
        resolver = Resolver(
            source=source,
            interpreter=self._interpreter,
            folder=self._tempdir,
            cache=(ctx.cache or self._tempdir) / "resolve",
            timeout=ctx.network.timeout,
        )
        self._add_siblings(resolver)
        cache = (ctx.cache or self._tempdir) / "dependencies"
        store = Store(cache, ctx.network.client, source)
        try:
            resolution = self._resolve(resolver, store)
            if not resolution.problem:
                return self._fetch(resolver, store, resolution)
        except ReleasekitError as error:
            if source.decides:
                raise
            answers = error.answers()
            resolution = Resolution(problem=f"{answers['what']}: {answers['why']}")
        if not source.decides:
            said = " ".join(resolution.problem.split())
            text = f"whether the requirements can be installed ({source.name}: {said})"
            ctx.progress.note(f"not verified: {text}")
            return UNRESOLVED
        self._confirm(source, needs, resolution.problem)
        self._add_unresolved(resolution.problem, index=source.name)
        return "RK119"

    def _add_siblings(self, resolver: Resolver) -> None:
        """Add the wheels of the projects that this one needs, where no index has them yet.

        A release comes after them, and finds them in the group.
        """
        ctx = self._ctx
        is_released = ctx.options.command in ("release", "publish", "verify")
        is_snapshot = self._record.tag is None and ctx.target.snapshots_url
        if is_released and not (ctx.options.dry_run or ctx.into_sandbox or is_snapshot):
            return
        resolver.wheels.mkdir(exist_ok=True)
        for root in ctx.siblings.values():
            record = load_record(root / RECORD, root=root)
            for dist in load_dists(root, record):
                if dist.named.kind is DistKind.WHEEL:
                    shutil.copyfile(dist.path, resolver.wheels / dist.filename)

    def _add_unresolved(self, reason: str, *, index: str = "", extra: str = "") -> None:
        python = self._interpreter.version
        self._proved.unresolved.append(
            Unresolved(
                wheel=self._wheel.filename, python=python, index=index, extra=extra, reason=reason
            )
        )

    def _resolve(self, resolver: Resolver, store: Store) -> Resolution:
        """Resolve the requirements, then those of the extras: together, and alone if need be."""
        place = self._wheel.path.resolve().as_uri()
        found = self._resolve_and_build(resolver, store, f"{self._name} @ {place}")
        extras = self._metadata.get("provides_extra", [])
        if found.problem or not extras:
            return found
        every = f"{self._name}[{','.join(extras)}] @ {place}"
        if not self._resolve_and_build(resolver, store, every).problem:
            return found
        for extra in extras:  # two of them may exclude each other
            alone = self._resolve_and_build(resolver, store, f"{self._name}[{extra}] @ {place}")
            if alone.problem:
                self._add_unresolved(alone.problem, index=resolver.source.name, extra=extra)
        return found

    def _resolve_and_build(self, resolver: Resolver, store: Store, requirement: str) -> Resolution:
        """Resolve; what has only an sdist is built, without credentials, and resolved again."""
        tried: set[str] = set()
        while True:
            found = resolver.resolve([requirement], own=self._name)
            names = [name for name in found.unbuilt if name not in tried]
            if not names or len(tried) > ROUNDS:
                return found
            tried.update(names)
            try:
                for name in names:
                    self._build(resolver, store, name, requirement, found.problem)
            except BuildFailed as error:
                said = "a dependency has only an sdist, and building it failed"
                return Resolution(problem=f"{said}: {error.answers()['why']}")

    def _build(
        self, resolver: Resolver, store: Store, name: str, requirement: str, problem: str
    ) -> None:
        """Fetch the sdist of a dependency and build its wheel, from the local file."""
        found = self._find_sdist(resolver, name, requirement, problem)
        if found is None:
            return
        ctx = self._ctx
        filename = found.url.rpartition("/")[2] if not found.filename else found.filename
        path = self._tempdir / filename
        store.download(found.url, path, dict(found.hashes))
        options = BuildOptions(
            environ=ctx.network.environ,
            cache=ctx.cache,
            constraints=None,
            epoch=315532800,  # 1980, the first year of zip archives
            version=None,
            log=ctx.progress.output,
            root=ctx.root,
            group=ctx.group,
            own_names=ctx.settings.own_names if ctx.into_sandbox else (),
            timeout=ctx.network.timeout,
            installer_environ=ctx.network.installer_environ,
        )
        ctx.progress.work(f"building {filename}: the index has no wheel of it")
        out = self._tempdir / "built"
        out.mkdir(exist_ok=True)
        wheel = build_wheel(path, out, options).path
        self._built[wheel.name] = Dependency(
            name=name, version="", filename=wheel.name, sha256="", built=True
        )
        wheel.replace(resolver.wheels / wheel.name)

    def _find_sdist(
        self, resolver: Resolver, name: str, requirement: str, problem: str
    ) -> PublishedFile | None:
        """Return the sdist that an installer would build; None if none is found."""
        repository = resolver.source.repository
        if repository:
            client = self._ctx.network.client
            index = open_index(repository.url, client=client, reader=repository.credentials)
            if sdist := _choose_sdist(index.read_page(name).files, name, problem):
                return sdist
        if resolver.source.has_credentials:
            return None
        # Without credentials uv may build, and tells in its lock which sdist it took.
        found = replace(resolver, builds=True).resolve([requirement], own=self._name)
        for package in found.packages:
            if package.name == name and package.sdist and package.sdist.url:
                hashes = tuple(package.sdist.hashes.items())
                filename = package.sdist.filename
                return PublishedFile(filename=filename, url=package.sdist.url, hashes=hashes)
        return None

    def _fetch(
        self, resolver: Resolver, store: Store, resolution: Resolution
    ) -> list[Dependency] | str:
        """Fetch what the lock names into the directory of wheels, several at once."""
        tags = list_tags(self._interpreter)
        chosen = []
        for package in resolution.packages:
            wheel = choose_wheel(package, tags)
            if wheel is None:
                reason = f"{package.name} {package.version} has no wheel for this Python"
                self._add_unresolved(reason, index=resolver.source.name)
                return "RK119"
            chosen.append((package, wheel))
        folder = self._tempdir / "install"
        folder.mkdir()
        dists = run_in_threads(lambda pair: store.fetch(pair[1], folder), chosen)
        for yanked in resolution.yanked:
            self._ctx.progress.note(f"{yanked} was withdrawn from its index, and is required")
        dependencies = []
        for (package, wheel), dist in zip(chosen, dists, strict=True):
            version = str(package.version)
            if package.version and package.version.is_prerelease:
                text = f"the requirements resolve to {package.name} {version}, a prerelease"
                self._ctx.progress.note(text)
            python = parse_metadata(read_metadata(dist) or b"")[0].get("requires_python", "")
            if not _allows(python, self._interpreter):  # uv ignores upper bounds (0.13)
                text = f"{package.name} {version} requires Python {python}: pip does not take it"
                self._ctx.progress.note(text)
            dependency = Dependency(
                name=package.name,
                version=version,
                filename=dist.filename,
                sha256=dist.sha256,
                url="" if find_local(wheel) else str(wheel.url),
                built=dist.filename in self._built,
            )
            dependencies.append(dependency)
        self._find_foreign(dependencies)
        return dependencies

    def _find_foreign(self, dependencies: Sequence[Dependency]) -> None:
        """Find dependencies with names of the company's own that are not its packages."""
        ctx, url = self._ctx, self._ctx.target.upload_url
        own = set(find_own_names((d.name for d in dependencies), ctx.settings.own_names))
        if not own or ctx.into_sandbox or not ctx.group:
            return
        client, reader = ctx.network.client, ctx.target.find_reader(url)
        hosted = open_index(url, client=client, reader=reader)
        for dependency in dependencies:
            if dependency.name in own:
                listed = hosted.read_page(dependency.name).find(dependency.filename)
                if not listed or listed.digest("sha256") not in (None, dependency.sha256):
                    self._proved.foreign.append(
                        ForeignDependency(name=dependency.name, index=ctx.group.url, hosted=url)
                    )

    def _confirm(self, source: Source, needs: Sequence[Requirement], problem: str) -> None:
        """See with our own client that the index answers, and lacks what uv did not find.

        Raises what reading a page raises, and NOT_RESOLVED where the two do not agree.
        """
        if source.repository is None:
            return
        client, reader = self._ctx.network.client, source.repository.credentials
        index = open_index(source.repository.url, client=client, reader=reader)
        missing = {canonicalize_name(name) for name in NOT_FOUND.findall(problem)}
        names = sorted({canonicalize_name(need.name) for need in needs} | missing)
        pages = run_in_threads(index.read_page, names)
        listed = [name for name, page in zip(names, pages, strict=True) if page.files]
        if self._ctx.group and (there := missing.intersection(listed)):
            said = f"uv did not find {list_some(sorted(there))}, which the index lists:\n{problem}"
            raise ReleasekitError(NOT_RESOLVED, index=source.name, reason=said)

    def _test(self, dependencies: Sequence[Dependency]) -> WheelResult:
        """Install the wheel and its dependencies, import its packages, run its smoke test."""
        ctx, proved, version = self._ctx, self._proved, self._interpreter.version
        folder = self._tempdir / "install"
        folder.mkdir(exist_ok=True)
        own = folder / self._wheel.filename
        own.write_bytes(self._wheel.path.read_bytes())
        environment = ctx.environments.take(self._interpreter)

        def log(line: str) -> None:
            ctx.progress.output(line)
            proved.log.append(ctx.redactor.clean(line))

        def fail(code: str, subject: str, reason: str) -> None:
            reason = ctx.redactor.clean(reason)
            proved.failures.append(
                FailedTest(
                    code=code,
                    wheel=self._wheel.filename,
                    python=version,
                    subject=subject,
                    reason=reason,
                )
            )

        proved.log.append(f"# Python {version}, {self._wheel.filename}")
        wheel = replace(self._wheel, path=own)
        output = ctx.progress.output
        broken = install_offline(environment, wheel, dependencies, folder, log=output)
        proved.dependencies |= {one.filename: one for one in dependencies}
        if any(one.url for one in dependencies):
            suffix = "" if self._interpreter == RUNNING else f".py{version.replace('.', '')}"
            proved.locks[f"pylock{suffix}.toml"] = render_lock(dependencies, version)
        if broken:
            fail("RK120", self._wheel.filename, f"it cannot be installed: {broken}")
            return _not_tested(version, self._wheel, "RK120")
        installed = next(
            d for d in read_installed(environment) if canonicalize_name(d.name) == self._name
        )
        names = find_imports(str(file) for file in installed.files or ())
        seconds = ctx.settings.smoke_timeout
        for failed in import_all(environment, names, seconds=seconds, log=log) if names else ():
            fail("RK120", failed.name, failed.reason)
        proved.imported |= dict.fromkeys(names)
        commands = ctx.settings.smoke
        for failure in run_smoke_tests(environment, commands, seconds=seconds, log=log):
            fail("RK121", failure.command, failure.reason)
        proved.smoke_tests = len(commands)
        return WheelResult(python=version, wheel=self._wheel.filename, result="passed")


def _allows(python: str, interpreter: Interpreter) -> bool:
    """Tell whether a Requires-Python allows a Python, whatever its patch level may be."""
    try:
        allowed = SpecifierSet(python)
    except InvalidSpecifier:
        return True  # RK103
    if interpreter == RUNNING:
        return allowed.contains(platform.python_version(), prereleases=True)
    return any(allowed.contains(f"{interpreter.version}.{patch}") for patch in (0, 99))


def _read_requirements(metadata: RawMetadata) -> list[Requirement]:
    found = []
    for text in metadata.get("requires_dist", []):
        with contextlib.suppress(InvalidRequirement):  # RK103
            found.append(Requirement(text))
    return found


def _choose_sdist(files: Sequence[PublishedFile], name: str, problem: str) -> PublishedFile | None:
    """Return the newest sdist that what uv says of the requirements allows."""
    specifiers = SpecifierSet()
    for said in re.findall(rf"(?:depends on|require) {re.escape(name)}([<>=!~][^\s,]*)", problem):
        with contextlib.suppress(InvalidSpecifier):
            specifiers &= SpecifierSet(said)
    found = []
    for file in files:
        with contextlib.suppress(NotADistError):
            named = parse_filename(file.filename)
            if named.kind is DistKind.SDIST and specifiers.contains(named.version):
                found.append((named.version, file))
    return max(found, key=lambda pair: pair[0])[1] if found else None
