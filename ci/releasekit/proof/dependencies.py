"""The dependencies of a wheel: resolved by uv, built where there is only an sdist, and fetched."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from releasekit.build.backend import BuildOptions, build_wheel
from releasekit.build.hooks import Hooks
from releasekit.errors import BuildFailed, ReleasekitError, failed
from releasekit.errors.limits import refuse_limit
from releasekit.index.layouts import open_index
from releasekit.index.pages import refusal
from releasekit.model.dists import Dist, DistKind, NotADistError, parse_filename
from releasekit.model.published import PublishedFile
from releasekit.plural import list_some
from releasekit.process import Finished
from releasekit.proof.environment import Interpreter, choose_wheel
from releasekit.proof.lock import Dependency, Store, find_local
from releasekit.redact import MARK, hide_credentials
from releasekit.threads import run_in_threads
from releasekit.toml import tomllib
from releasekit.uv.call import Source
from releasekit.uv.program import Count, find_unbuilt_names, refuse_met, refuse_wrong_login, run_uv

if TYPE_CHECKING:
    from packaging.pylock import Package
    from packaging.requirements import Requirement

NO_SOLUTION = "No solution found when resolving dependencies"
"""How uv 0.13 says that requirements contradict each other or what the index has."""
# How uv 0.13 says that what came in place of a wheel is none: not the requirement's fault.
UNREADABLE = re.compile(r"has (an invalid package format|invalid metadata|inconsistent metadata)")
YANKED = re.compile(r"warning: `([^`]+)` is yanked(?: \(reason: \"(.*)\"\))?")
NO_EXTRA = re.compile(r"warning: The package `([^`]+)` does not have an extra named `([^`]+)`")


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """What a wheel's requirements are resolved to, or why they cannot be.

    The release itself is not among the packages. The problem is the resolver's reason; "" if there
    is a solution. The oddities are what the index has withdrawn, and extras that no package has.
    """

    packages: tuple[Package, ...] = ()
    problem: str = ""
    fails_to_build: bool = False
    """True if the index has all that is required, and this machine cannot build it."""
    unbuilt: tuple[str, ...] = ()
    """Names that have only an sdist, or no wheel for this Python: nothing was built."""
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolver:
    """How uv is called to resolve; it waits `timeout` seconds for an answer.

    The folder is this resolver's own. It is for the settings file, and for wheels that are not on
    the index. `count` gets uv's requests. A call `builds` only if it is without credentials.
    """

    source: Source
    interpreter: Interpreter
    folder: Path
    cache: Path
    timeout: float
    count: Count | None = None
    builds: bool = False

    @property
    def wheels(self) -> Path:
        """Return the directory of wheels that are taken before those of the index."""
        return self.folder / "wheels"

    def resolve(self, requirements: Sequence[str], *, own: str) -> Resolution:
        """Resolve requirements; `own` is the normalized name of the release itself.

        Raises what keeps uv from an answer: wrong credentials, limits of the machine, and
        NOT_RESOLVED for all else.
        """
        from packaging.pylock import Pylock, PylockValidationError

        lock, source = self.folder / "pylock.toml", self.source
        finished = self._call(requirements, lock)
        said = hide_credentials(finished.output, MARK)
        if finished.status == 0:
            withdrawn = "was withdrawn from its index, and is required"
            without = "which is required: nothing is installed for it"
            yanked, no_extra = YANKED.finditer(said), NO_EXTRA.finditer(said)
            oddities = [f"{m[1]} ({m[2] or 'no reason given'}) {withdrawn}" for m in yanked]
            oddities += [f"{m[1]} has no extra {m[2]}, {without}" for m in no_extra]
            try:
                locked = Pylock.from_dict(tomllib.loads(lock.read_text(encoding="utf-8")))
            except (OSError, ValueError, PylockValidationError) as error:
                reason = f"uv's lock cannot be read: {error}"
                raise ReleasekitError(
                    failed.NOT_RESOLVED, index=source.name, reason=reason
                ) from error
            packages = tuple(p for p in locked.packages if p.name != own)
            return Resolution(packages=packages, oddities=tuple(oddities))
        if source.repository:
            refuse_wrong_login(said, source.repository)
        refuse_met(said, source.name, source.environ, self.timeout)
        if NO_SOLUTION in said and not finished.timed_out and not UNREADABLE.search(said):
            names = tuple(canonicalize_name(name) for name in find_unbuilt_names(said))
            return Resolution(problem=find_reason(said), unbuilt=names)
        refuse_limit(said, str(self.folder))
        # So uv 0.13 says that what it has to build for its metadata cannot be built here.
        is_build = "The build backend returned an error" in said
        kind, tail = BuildFailed if is_build else ReleasekitError, finished.tail()
        raise kind(failed.NOT_RESOLVED, index=source.name, reason=hide_credentials(tail, MARK))

    def _call(self, requirements: Sequence[str], lock: Path) -> Finished:
        import tomlkit  # only what has dependencies needs it

        config = self.folder / "uv.toml"
        config.write_text(tomlkit.dumps(self.source.settings), encoding="utf-8")
        self.wheels.mkdir(exist_ok=True)
        lock.unlink(missing_ok=True)  # uv would prefer the versions in it
        options = [
            *("--output-file", str(lock), "--format", "pylock.toml"),
            *("--no-header", "--no-annotate", "--no-progress", "--no-python-downloads"),
            *("--config-file", str(config)),
            *("--find-links", str(self.wheels), "--cache-dir", str(self.cache)),
            *("--python", self.interpreter.path),
        ]
        environ = {
            **self.source.environ,
            "UV_HTTP_TIMEOUT": f"{max(1, round(self.timeout))}",
            "UV_HTTP_RETRIES": "2",  # with 3, a server that refuses connections takes 11 s
        }
        if self.builds:
            environ["NETRC"] = os.devnull
        else:
            options.append("--no-build")
        return run_uv(
            ("pip", "compile", *options, "-"),
            cwd=self.folder,
            environ=environ,
            stdin="".join(f"{requirement}\n" for requirement in requirements),
            seconds=5 * self.timeout,  # uv begins to wait again with each byte that comes
            count=self.count,
        )


def find_reason(said: str) -> str:
    """Return what uv says after "cause:", as sentences on one line each."""
    reason = said.partition(NO_SOLUTION)[2].partition("hint:")[0]
    lines = (line.strip() for line in reason.replace("cause:", "").splitlines())
    return "\n".join(line for line in lines if line)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependencies:
    """What the requirements of a wheel come to, or why they come to nothing.

    The problem is the resolver's reason; "" if there is a solution. The extras are pairs of an
    extra whose requirements cannot be resolved, and the reason.
    """

    wheels: tuple[tuple[Dependency, Dist], ...] = ()
    problem: str = ""
    extras: tuple[tuple[str, Resolution], ...] = ()
    oddities: tuple[str, ...] = ()
    """What is to be noted of the requirements, those of the extras included."""
    built: tuple[str, ...] = ()
    """Wheels that were built from sdists, for extras too, by file name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DependencyFinder:
    """Finds the dependencies of one wheel for one Python, in one source.

    The options are for sdists: without credentials. `work` gets what takes long.
    """

    wheel: Dist
    extras: Sequence[str]
    resolver: Resolver
    store: Store
    build_options: BuildOptions
    work: Callable[[str], None]
    _built: set[str] = field(default_factory=set)

    def find(self, needs: Sequence[Requirement], into: Path) -> Dependencies:
        """Resolve the requirements, then those of the extras, and fetch the former.

        "No solution" is said only after our own client has read the pages, too. Raises what keeps
        uv or the client from an answer.
        """
        place, name = self.wheel.path.resolve().as_uri(), self.wheel.named.name
        found = self._resolve(f"{name} @ {place}")
        if found.problem:
            if self.resolver.source.decides:
                self._confirm(needs, found.problem)
            return Dependencies(problem=found.problem)
        extras = []
        every = (
            self._resolve(f"{name}[{','.join(self.extras)}] @ {place}") if self.extras else found
        )
        if every.problem:
            for extra in self.extras:  # two of them may exclude each other
                alone = self._resolve(f"{name}[{extra}] @ {place}")
                extras += [(extra, alone)] if alone.problem else []
        packages = (*found.packages, *every.packages)
        used = (wheel.filename for package in packages for wheel in package.wheels or ())
        return replace(
            self._fetch(found, into),
            extras=tuple(extras),
            oddities=tuple(dict.fromkeys((*found.oddities, *every.oddities))),
            built=tuple(filename for filename in used if filename in self._built),
        )

    def _resolve(self, requirement: str) -> Resolution:
        """Resolve; what has only an sdist is built, without credentials, and resolved again."""
        tried: set[str] = set()
        while True:
            found = self._call_uv(self.resolver, requirement)
            names = [name for name in found.unbuilt if name not in tried]
            if not names or len(tried) > 20:  # so many are built for one Python, at most
                return found
            tried.update(names)
            try:
                for name in names:
                    self._build(name, requirement, found.problem)
            except BuildFailed as error:
                said = f"{name} has only an sdist, and building it failed: {error.answers()['why']}"
                return Resolution(problem=said, fails_to_build=True)

    def _call_uv(self, resolver: Resolver, requirement: str) -> Resolution:
        """Resolve; raises why our own client does not get what uv did not get, if it does not.

        It tells a login, a proxy, a license and a server that is busy apart, and uv does not.
        """
        try:
            return resolver.resolve([requirement], own=self.wheel.named.name)
        except ReleasekitError as error:
            # So uv 0.13 says which address did not answer as it should.
            urls = re.findall(r"Failed to fetch: (https?://\S+)", error.answers()["why"])
            for url in urls if error.entry is failed.NOT_RESOLVED else ():
                login = resolver.source.find_login(url)
                answer = self.store.client.get(
                    url, credentials=login, limit=1, leave_rest=True, attempts=1
                )
                if refused := refusal(answer, login, url=url, action="download"):
                    raise refused from error
            raise

    def _build(self, name: str, requirement: str, problem: str) -> None:
        if sdist := self._find_sdist(name, requirement, problem):
            folder = self.resolver.folder
            path, out = folder / Path(sdist.filename).name, folder / "built"
            self.work(f"building {sdist.filename}: the index has no wheel of it")
            self.store.get(sdist.url, path, dict(sdist.hashes))
            out.mkdir(exist_ok=True)
            with Hooks() as hooks:
                wheel = build_wheel(path, out, self.build_options, hooks).path
            self._built.add(wheel.name)
            wheel.replace(self.resolver.wheels / wheel.name)

    def _find_sdist(self, name: str, requirement: str, problem: str) -> PublishedFile | None:
        """Return the sdist that an installer would build."""
        if at := self.resolver.source.repository:
            index = open_index(at.url, client=self.store.client, reader=at.credentials)
            if sdist := _choose_sdist(index.read_page(name).files, name, problem):
                return sdist
        if self.resolver.source.has_credentials:
            return None
        # Without credentials uv may build, and its lock says which sdist it took.
        found = self._call_uv(replace(self.resolver, builds=True), requirement)
        for package in found.packages:
            if package.name == name and package.sdist and package.sdist.url:
                return PublishedFile(
                    filename=package.sdist.filename,
                    url=package.sdist.url,
                    hashes=tuple(package.sdist.hashes.items()),
                )
        return None

    def _fetch(self, resolution: Resolution, into: Path) -> Dependencies:
        chosen = []
        for package in resolution.packages:
            wheel = choose_wheel(package.wheels or (), self.resolver.interpreter)
            if wheel is None:
                return Dependencies(
                    problem=f"{package.name} {package.version} has no wheel for this Python"
                )
            chosen.append((package, wheel))
        dists = run_in_threads(lambda pair: self.store.fetch(pair[1], into), chosen)
        found = [
            Dependency(
                name=package.name,
                version=str(package.version),
                filename=dist.filename,
                sha256=dist.sha256,
                url="" if find_local(wheel) else str(wheel.url),
            )
            for (package, wheel), dist in zip(chosen, dists, strict=True)
        ]
        return Dependencies(wheels=tuple(zip(found, dists, strict=True)))

    def _confirm(self, needs: Sequence[Requirement], problem: str) -> None:
        """See that the index answers our own client, and lacks what uv did not find.

        Raises what reading a page raises, and NOT_RESOLVED if the two do not agree.
        """
        if at := self.resolver.source.repository:
            index = open_index(at.url, client=self.store.client, reader=at.credentials)
            # So uv 0.13 says that no index has a name.
            not_found = re.findall(r"(\S+) was not found in the package registry", problem)
            missing = {canonicalize_name(name) for name in not_found}
            names = sorted({canonicalize_name(need.name) for need in needs} | missing)
            pages = run_in_threads(index.read_page, names)
            listed = {name for name, page in zip(names, pages, strict=True) if page.files}
            if there := sorted(missing & listed):
                said = f"uv did not find {list_some(there)}, which {at.url} lists:\n{problem}"
                raise ReleasekitError(
                    failed.NOT_RESOLVED, index=self.resolver.source.name, reason=said
                )


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
