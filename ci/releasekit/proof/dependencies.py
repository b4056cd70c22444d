"""The dependencies of a wheel: resolved, built where there is only an sdist, and fetched."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from releasekit.build.backend import BuildOptions, build_wheel
from releasekit.build.hooks import open_hooks
from releasekit.errors import BuildFailed, ReleasekitError
from releasekit.errors.failed import NOT_RESOLVED
from releasekit.index.layouts import open_index
from releasekit.index.pages import refusal
from releasekit.model.dists import Dist, DistKind, NotADistError, parse_filename
from releasekit.model.published import PublishedFile
from releasekit.plural import list_some
from releasekit.proof.environment import choose_wheel
from releasekit.proof.lock import Dependency, Store, find_local
from releasekit.proof.resolve import Resolution, Resolver
from releasekit.threads import run_in_threads

if TYPE_CHECKING:
    from packaging.requirements import Requirement


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
                said = f"{name} has only an sdist, and building it failed"
                why = error.answers()["why"]
                return Resolution(problem=f"{said}: {why}", fails_to_build=True)

    def _call_uv(self, resolver: Resolver, requirement: str) -> Resolution:
        """Resolve; raises why our own client does not get what uv did not get, if it does not.

        It tells a login, a proxy, a license and a server that is busy apart, and uv does not.
        """
        try:
            return resolver.resolve([requirement], own=self.wheel.named.name)
        except ReleasekitError as error:
            # So uv 0.13 says which address did not answer as it should.
            urls = re.findall(r"Failed to fetch: (https?://\S+)", error.answers()["why"])
            for url in urls if error.entry is NOT_RESOLVED else ():
                login = resolver.source.find_login(url)
                answer = self.store.client.get(
                    url, credentials=login, limit=1, leave_rest=True, attempts=1
                )
                if refused := refusal(answer, login, url=url, action="download"):
                    raise refused from error
            raise

    def _build(self, name: str, requirement: str, problem: str) -> None:
        """Fetch the sdist of a dependency, if one is found, and build its wheel from the file."""
        if sdist := self._find_sdist(name, requirement, problem):
            folder = self.resolver.folder
            path, out = folder / Path(sdist.filename).name, folder / "built"
            self.work(f"building {sdist.filename}: the index has no wheel of it")
            self.store.get(sdist.url, path, dict(sdist.hashes))
            out.mkdir(exist_ok=True)
            with open_hooks() as hooks:
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
        builder = replace(self.resolver, builds=True)
        for package in self._call_uv(builder, requirement).packages:
            if package.name == name and package.sdist and package.sdist.url:
                return PublishedFile(
                    filename=package.sdist.filename,
                    url=package.sdist.url,
                    hashes=tuple(package.sdist.hashes.items()),
                )
        return None

    def _fetch(self, resolution: Resolution, into: Path) -> Dependencies:
        """Fetch what the lock names into a directory, several at once."""
        chosen = []
        for package in resolution.packages:
            wheel = choose_wheel(package.wheels or (), self.resolver.interpreter)
            if wheel is None:
                said = f"{package.name} {package.version} has no wheel for this Python"
                return Dependencies(problem=said)
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
                raise ReleasekitError(NOT_RESOLVED, index=self.resolver.source.name, reason=said)


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
