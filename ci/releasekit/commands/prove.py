"""The proof: requirements resolve, the wheel installs with them, imports, and its smoke test runs.

`check` does it with what was built, before anything is uploaded; `verify` with what the index
serves.
"""

import functools
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import Distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from releasekit.archives import read_metadata
from releasekit.checks.entry_points import list_modules
from releasekit.checks.model import FailedTest, ForeignDependency
from releasekit.commands.build import make_build_options
from releasekit.commands.plan import open_repository
from releasekit.commands.project import load_record, read_dists
from releasekit.context import ProjectContext
from releasekit.errors import NotPermitted, ReleasekitError, setup
from releasekit.model.dists import Dist, DistKind, parse_metadata
from releasekit.model.record import UNRESOLVED, Record, WheelResult
from releasekit.plural import list_some
from releasekit.proof.dependencies import Dependencies, DependencyFinder, Resolver
from releasekit.proof.environment import (
    RUNNING,
    Interpreter,
    choose_wheel,
    is_allowed,
    read_installed,
)
from releasekit.proof.lock import Dependency, Store, install_offline, render_lock
from releasekit.proof.proved import Proved
from releasekit.proof.trial import (
    Failure,
    find_extras,
    find_imports,
    import_all,
    run_smoke_tests,
)
from releasekit.tempdirs import open_tempdir
from releasekit.uv.call import Source, use_configured, use_group
from releasekit.uv.indexes import BuildIndex, find_own_names, read_pip_settings, read_uv_settings
from releasekit.workspace import RECORD


def begin_environments(ctx: ProjectContext) -> None:
    """Begin to make the environment of the Python that runs, which most proofs need."""
    if not ctx.settings.pythons or RUNNING.version in ctx.settings.pythons:
        ctx.environments.begin()


def choose_wheels(
    ctx: ProjectContext, dists: Sequence[Dist]
) -> Iterator[tuple[str, Interpreter | None, Dist | None]]:
    """Yield each Python that a release is for, where it is on this machine, and its wheel."""
    wheels = [dist for dist in dists if dist.named.kind is DistKind.WHEEL]
    for version in ctx.settings.pythons or (RUNNING.version,):
        interpreter = ctx.environments.find(version)
        yield version, interpreter, choose_wheel(wheels, interpreter) if interpreter else None


def prove(ctx: ProjectContext, record: Record, dists: Sequence[Dist]) -> Proved:
    """Prove the wheels of a release with each Python that it is for.

    What the package is to blame for is in the result. Raises what keeps the proof from being made:
    errors of networks, indexes, logins and machines.
    """
    proved, pythons = Proved(), list(choose_wheels(ctx, dists))
    wheels = [dist for dist in dists if dist.named.kind is DistKind.WHEEL]
    if choose_wheel(wheels, RUNNING) and not any(interpreter for _, interpreter, _ in pythons):
        raise ReleasekitError(
            setup.NO_PYTHON,
            root=str(ctx.root),
            pythons=list_some([version for version, *_ in pythons]),
            first=pythons[0][0],
            running=RUNNING.version,
        )
    for version, interpreter, wheel in pythons:
        if interpreter and wheel:
            with open_tempdir("releasekit-proof-") as tempdir:
                proof = _WheelProof(ctx, proved, record, wheel, interpreter, tempdir)
                proved.tests.append(proof.make())
            continue
        reason = "no wheel of the release is for this Python and platform"
        if not interpreter:
            reason = f"Python {version} is not on this machine"
            ctx.progress.note(f"not verified with Python {version}: it is not on this machine")
        proved.tests.append(_not_tested(version, None, reason))
    tested = {test.wheel for test in proved.tests}
    proved.tests += [
        _not_tested(None, wheel.filename, "it is for another Python or platform")
        for wheel in wheels
        if wheel.filename not in tested
    ]
    return proved


def _not_tested(python: str | None, wheel: str | None, reason: str) -> WheelResult:
    return WheelResult(python=python, wheel=wheel, result="not tested", reason=reason)


class _WheelProof:
    """The proof of one wheel with one Python, in a directory of its own."""

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
        self._metadata = parse_metadata(read_metadata(wheel) or b"")[0]
        self._files = tempdir / "install"
        self._files.mkdir()

    def make(self) -> WheelResult:
        """Resolve, fetch, install offline, import, run the smoke test."""
        python = self._metadata.get("requires_python", "")
        if not is_allowed(python, self._interpreter):
            return self._add_unresolved(f"the package requires Python {python}")
        self._ctx.environments.begin(self._interpreter)
        try:
            SpecifierSet(python)
            needs = [Requirement(text) for text in self._metadata.get("requires_dist", [])]
        except ValueError as error:
            said = " ".join(f"its metadata are invalid: {error}".split())
            return self._add_unresolved(said, index=self._source.name)
        if addressed := [need.name for need in needs if need.url]:  # RK106
            reason = f"{list_some(addressed)} is required from an address, not from an index"
            self._note_unverified(reason)
            return _not_tested(self._interpreter.version, self._wheel.filename, reason)
        found = self._find_dependencies(needs) if needs else Dependencies()
        if found is None:
            return _not_tested(self._interpreter.version, self._wheel.filename, UNRESOLVED)
        if found.problem:
            return self._add_unresolved(found.problem, index=self._proved.source)
        for extra, unmet in found.extras:
            # mysqlclient is an sdist alone, and needs MySQL's headers: its users have them.
            if unmet.fails_to_build or not self._source.decides:
                self._note_unverified(f"the extra {extra}: {unmet.problem.splitlines()[0]}")
            else:
                self._add_unresolved(unmet.problem, index=self._proved.source, extra=extra)
        self._proved.built |= dict.fromkeys(found.built)
        dependencies = [dependency for dependency, _ in found.wheels]
        self._note_oddities(found)
        self._find_foreign(dependencies)
        return self._test(dependencies)

    @functools.cached_property
    def _source(self) -> Source:
        """Where the requirements of a release come from: the group, if there is one.

        Without a group it is the hosted repository and what uv or pip are configured with; before a
        release into a sandbox the latter alone, which then decides nothing.
        """
        ctx, environ = self._ctx, self._ctx.network.installer_environ
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

    def _add_unresolved(self, reason: str, *, index: str = "", extra: str = "") -> WheelResult:
        python, wheel = self._interpreter.version, self._wheel.filename
        code = "RK119"
        self._proved.failures.append(
            FailedTest(
                code=code, wheel=wheel, python=python, subject=extra, reason=reason, index=index
            )
        )
        return _not_tested(python, wheel, code)

    def _note_unverified(self, reason: str) -> None:
        text = f"not verified: whether the requirements can be installed ({reason})"
        self._ctx.progress.note(text)

    def _find_dependencies(self, needs: Sequence[Requirement]) -> Dependencies | None:
        """Resolve and fetch the requirements; None, with a note, if no index says anything."""
        source = self._source
        own = find_own_names(map(str, needs), self._ctx.settings.own_names)
        if own and not source.decides:
            self._note_unverified(f"no group was asked for {list_some(own)}, a name of `own-names`")
            return None
        self._proved.source = source.name
        try:
            found = self._make_finder().find(needs, self._files)
        except ReleasekitError as error:
            if source.decides:
                raise
            answers = error.answers()
            found = Dependencies(problem=f"{answers['what']}: {answers['why']}")
        if found.problem and not source.decides:
            self._note_unverified(f"{source.name}: {' '.join(found.problem.split())}")
            return None
        return found

    def _make_finder(self) -> DependencyFinder:
        ctx, network = self._ctx, self._ctx.network
        cache = ctx.cache or self._tempdir
        resolver = Resolver(
            source=self._source,
            interpreter=self._interpreter,
            folder=self._tempdir,
            cache=cache / "resolve",
            timeout=network.timeout,
            count=network.count_uv,
        )
        resolver.wheels.mkdir()
        for wheel in self._list_siblings():
            shutil.copyfile(wheel.path, resolver.wheels / wheel.filename)
        return DependencyFinder(
            wheel=self._wheel,
            extras=self._metadata.get("provides_extra", []),
            resolver=resolver,
            store=Store(cache / "dependencies", network.client, self._source),
            build_options=make_build_options(ctx, ctx.progress.output),
            work=ctx.progress.work,
        )

    def _list_siblings(self) -> list[Dist]:
        """Return the wheels of the projects that this one needs, if no index has them yet.

        A release comes after them, and finds them in the group.
        """
        ctx = self._ctx
        is_released = ctx.options.command in ("release", "publish", "verify")
        is_snapshot = self._record.tag is None and ctx.target.snapshots_url
        if is_released and not (ctx.options.dry_run or ctx.into_sandbox or is_snapshot):
            return []
        roots = [root / str(ctx.options.into) for root in ctx.siblings.values()]
        records = {root: load_record(root / RECORD, root=root) for root in roots}
        dists = (dist for root, record in records.items() for dist in read_dists(root, record))
        return [dist for dist in dists if dist.named.kind is DistKind.WHEEL]

    def _note_oddities(self, found: Dependencies) -> None:
        """Note what is odd about dependencies: prereleases, and what pip would not take, too."""
        note = self._ctx.progress.note
        for oddity in found.oddities:
            note(oddity)
        for dependency, dist in found.wheels:
            name = f"{dependency.name} {dependency.version}"
            if Version(dependency.version).is_prerelease:
                note(f"the requirements resolve to {name}, a prerelease")
            python = parse_metadata(read_metadata(dist) or b"")[0].get("requires_python", "")
            if not is_allowed(python, self._interpreter):  # uv ignores upper bounds (0.13)
                note(f"{name} requires Python {python}: pip does not take it")

    def _find_foreign(self, dependencies: Sequence[Dependency]) -> None:
        """Find dependencies with names of the company's own that are not its packages."""
        ctx, url = self._ctx, self._ctx.target.upload_url
        own = set(find_own_names((d.name for d in dependencies), ctx.settings.own_names))
        if not own or ctx.into_sandbox or not ctx.group:
            return
        hosted = open_repository(ctx, url)
        for dependency in dependencies:
            if dependency.name not in own:
                continue
            try:
                listed = hosted.read_page(dependency.name).find(dependency.filename)
            except NotPermitted:  # a content selector hides other teams' projects
                ctx.progress.note(
                    f"not verified: whether {dependency.name} is in {url}, as `own-names` says: "
                    f"user {hosted.reader.username} may not read it there"
                )
                continue
            if not listed or listed.digest("sha256") not in (None, dependency.sha256):
                self._proved.foreign.append(
                    ForeignDependency(name=dependency.name, index=ctx.group.url, hosted=url)
                )

    def _test(self, dependencies: Sequence[Dependency]) -> WheelResult:
        proved, settings, version = self._proved, self._ctx.settings, self._interpreter.version
        wheel = replace(self._wheel, path=self._files / self._wheel.filename)
        shutil.copyfile(self._wheel.path, wheel.path)
        environment = self._ctx.environments.take(self._interpreter)
        broken = install_offline(
            environment, wheel, dependencies, self._files, log=self._ctx.progress.output
        )
        proved.dependencies |= {one.filename for one in dependencies}
        if any(one.url for one in dependencies):
            suffix = "" if self._interpreter == RUNNING else f".py{version.replace('.', '')}"
            proved.locks[f"pylock{suffix}.toml"] = render_lock(dependencies, version)
        if broken:
            self._add_failure("RK120", wheel.filename, f"it cannot be installed: {broken}")
            return _not_tested(version, wheel.filename, "RK120")
        proved.log.append(f"# Python {version}, {wheel.filename}")
        seconds, commands = settings.smoke_timeout, settings.smoke
        installed = {canonicalize_name(d.name): d for d in read_installed(environment)}
        own = installed.pop(wheel.named.name)
        names = find_imports(str(file) for file in own.files or ())
        for dependency in installed.values():
            proved.modules.update(list_modules(map(str, dependency.files or ())))
        failures = import_all(environment, names, seconds=seconds, log=self._log)
        left_out = {
            f.subject for f in failures if len(failures) < len(names) and self._forgive(f, own)
        }
        for failure in failures:
            if failure.subject not in left_out:
                self._add_failure("RK120", failure.subject, failure.reason)
        for failed in run_smoke_tests(environment, commands, seconds=seconds, log=self._log):
            self._add_failure("RK121", failed.subject, failed.reason)
        proved.imported |= dict.fromkeys(one for one in names if one not in left_out)
        proved.smoke_tests = len(commands)
        return WheelResult(python=version, wheel=wheel.filename, result="passed")

    def _forgive(self, failure: Failure, own: Distribution) -> bool:
        """Tell, with a note, whether a package is only for an extra, which is not installed.

        The package that has the name of the project is for everybody.
        """
        known = {canonicalize_name(one) for one in self._metadata.get("provides_extra", [])}
        extras = find_extras(failure.subject, own.entry_points)
        is_own = canonicalize_name(failure.subject) == self._wheel.named.name
        if not failure.missing or is_own or not extras or not extras <= known:
            return False
        named = list_some(sorted(extras))
        self._ctx.progress.note(
            f"not verified: whether {failure.subject} can be imported: its entry points say that "
            f"it needs the extra {named} ({self._ctx.redactor.clean(failure.reason)})"
        )
        return True

    def _log(self, line: str) -> None:
        self._ctx.progress.output(line)
        self._proved.log.append(self._ctx.redactor.clean(line))

    def _add_failure(self, code: str, subject: str, reason: str) -> None:
        said = self._ctx.redactor.clean(reason)
        if len(said) > 500:  # reports/smoke.log has all of it
            said = f"{said[:500]}... ({len(said)} characters)"
        self._proved.failures.append(
            FailedTest(
                code=code,
                wheel=self._wheel.filename,
                python=self._interpreter.version,
                subject=subject,
                reason=said,
            )
        )
