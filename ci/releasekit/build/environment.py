"""Build environments: isolated, made by uv from the build requirements, and cached."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from releasekit.build.environment_cache import use_cached
from releasekit.errors import BuildFailed, ReleasekitError, failed, refused, usage
from releasekit.errors.limits import refuse_limit
from releasekit.process import Finished, Log, run
from releasekit.redact import MARK, hide_credentials
from releasekit.tempdirs import open_tempdir
from releasekit.uv.build_settings import BuildSettings, read_build_settings
from releasekit.uv.call import NEVER_BUILD, UvCall, plan_call
from releasekit.uv.indexes import (
    BuildIndex,
    choose_installer,
    find_own_names,
    read_pip_settings,
    strip_credentials,
)
from releasekit.uv.program import FINAL, Count, refuse_failed, run_uv

# A line of `uv pip freeze`; warnings may stand between them.
REQUIREMENT = re.compile(r"[\w.-]+(==| @ )")


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentOptions:
    """How to make the environments that builds run in.

    `environ` is for the code of others: it holds no secrets. `installer_environ` is for uv alone,
    with what it needs to log in to an index; by default `environ`. `cache` is where environments
    are kept; None keeps none (--fresh). `root` is the user's directory of the project, where uv
    finds its settings; by default what is built: an sdist that is unpacked elsewhere, and a
    checkout, lack what lies beside and above it. Build requirements come from the `group`, unless
    uv or pip have other settings. `own_names` are names, or "acme-*", of requirements that may come
    from the group alone. `timeout` is in seconds. `count` gets uv's requests.
    """

    environ: Mapping[str, str]
    cache: Path | None
    constraints: Path | None
    log: Log
    root: Path | None = None
    group: BuildIndex | None = None
    own_names: tuple[str, ...] = ()
    timeout: float = 60
    installer_environ: Mapping[str, str] | None = field(default=None, repr=False)
    count: Count | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildEnvironment:
    """An isolated environment and what is installed in it."""

    python: Path
    requirements: tuple[str, ...]


@contextlib.contextmanager
def open_build_environment(
    requires: set[str], source: Path, options: EnvironmentOptions
) -> Iterator[BuildEnvironment]:
    """Provide an environment with the requirements, from the cache where it is there whole."""
    settings, call = _plan_install(requires, source, options)

    def make(path: Path) -> tuple[str, ...]:
        return _make_environment(path, requires, source, options, call, settings)

    if options.cache:
        # All that may bring other files into an environment. Credentials open an index, and change
        # nothing in it.
        environ = strip_credentials(call.environ)
        facts = [
            2,  # environments of an older layout share their files with uv's cache
            # Scripts in it name this path: a cache that was copied elsewhere holds others.
            str(options.cache.resolve()),
            sorted(requires),
            sys.version,
            sysconfig.get_config_var("EXT_SUFFIX"),  # machines of another kind may share a cache
            str(Path(sys.executable).resolve()),
            {name: value for name, value in sorted(environ.items()) if name.startswith("UV_")},
            call.options,
            options.constraints.read_text(encoding="utf-8") if options.constraints else None,
            settings.tables,
        ]
        key = hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()[:24]
        path = options.cache / "build-envs" / key
        with use_cached(path, make) as requirements:
            if requirements is not None:
                yield BuildEnvironment(python=path / "bin" / "python", requirements=requirements)
                return
    with open_tempdir("releasekit-build-env-") as tempdir:
        path = tempdir / "env"
        yield BuildEnvironment(python=path / "bin" / "python", requirements=make(path))


def try_requirements(
    requires: set[str], source: Path, options: EnvironmentOptions
) -> tuple[UvCall, Finished]:
    """Resolve the requirements as an install would; nothing is installed, and nothing is built.

    Raises what an install raises for a login, a certificate, and settings that cannot be used.
    """
    settings, call = _plan_install(requires, source, options)
    pins = ["--constraints", str(options.constraints)] if options.constraints else []
    index = [option for option in call.options if option not in NEVER_BUILD]
    python = ["--python", sys.executable, "--no-python-downloads"]
    with open_tempdir("releasekit-uv-") as folder:
        config, where, listed = settings.write(folder, requires)
        files = (name for name in where if name != "-r")
        arguments = ["pip", "compile", "--no-build", *python, *index, *pins, *files]
        finished = _run_uv(arguments, source, options, _use_settings(call.environ, config), listed)
    if finished.status:
        refuse_failed(call, finished.output, options.timeout)
    return call, finished


def _plan_install(
    requires: set[str], source: Path, options: EnvironmentOptions
) -> tuple[BuildSettings, UvCall]:
    environ = options.environ if options.installer_environ is None else options.installer_environ
    root = options.root or source
    settings = read_build_settings(root, environ, requires)
    tables, pip_settings = settings.tables, read_pip_settings(environ)
    installer = choose_installer(environ, pip=pip_settings, uv=tables, group=options.group)
    unsourced = requires - settings.sources.keys()
    if options.group is None and (names := find_own_names(unsourced, options.own_names)):
        raise ReleasekitError(
            usage.OWN_NAME_ELSEWHERE, names=", ".join(names), root=str(root), index=installer.index
        )
    return settings, plan_call(
        installer,
        {*requires, *settings.addressed},
        root=root,
        secret=environ.keys() - options.environ.keys(),
        constraints=options.constraints,
        uv=tables,
        group=options.group,
    )


def _use_settings(environ: Mapping[str, str], config: Path) -> dict[str, str]:
    """Return the environment of a call of uv that gets these settings in place of all others."""
    kept = {name: value for name, value in environ.items() if name != "UV_NO_CONFIG"}
    return {**kept, "UV_CONFIG_FILE": str(config)}


def _make_environment(
    path: Path,
    requires: set[str],
    source: Path,
    options: EnvironmentOptions,
    call: UvCall,
    settings: BuildSettings,
) -> tuple[str, ...]:
    python = path / "bin" / "python"

    def run_step(arguments: list[str], environ: Mapping[str, str], stdin: str = "") -> Finished:
        finished = _run_uv(arguments, source, options, environ, stdin)
        if finished.status:
            refuse_failed(call, finished.output, options.timeout)
            refuse_limit(hide_credentials(finished.output, MARK), str(path))
            is_refused = not finished.timed_out and FINAL.search(finished.output)
            raise BuildFailed(
                refused.BUILD_REQUIREMENTS_REFUSED
                if is_refused
                else failed.BUILD_REQUIREMENTS_FAILED,
                root=str(source),
                log="",
                requirements=hide_credentials(", ".join(sorted(requires))) or "none",
                index=call.index,
                tail=hide_credentials(finished.tail(), MARK),
            )
        return finished

    # Only the install itself gets credentials: every start of that Python runs the .pth files of
    # what is installed, also the one by which uv compiles (--compile-bytecode).
    clean = {**call.clean, "UV_NO_CONFIG": "1"}
    run_step(["venv", "--no-project", "--python", sys.executable, str(path)], clean)
    if requires:
        # Copied: uv links to its own cache, so that a build which writes into a file of its
        # environment would write into every environment that is made later.
        options_of_uv = ["--python", str(python), "--link-mode", "copy", *call.options]
        if options.constraints:
            options_of_uv += ["--constraints", str(options.constraints)]
        with open_tempdir("releasekit-uv-") as folder:  # gone before anything of it is started
            config, where, listed = settings.write(folder, requires)
            # The requirements go in by stdin: an address among them may hold a password.
            environ = _use_settings(call.environ, config)
            run_step(["pip", "install", *options_of_uv, *where], environ, listed)
    frozen = run_step(["pip", "freeze", "--python", str(python)], clean)
    if requires and options.cache:
        _compile(python, source, options)
    return tuple(
        hide_credentials(line) for line in frozen.output.splitlines() if REQUIREMENT.match(line)
    )


def _run_uv(
    arguments: Sequence[str],
    source: Path,
    options: EnvironmentOptions,
    environ: Mapping[str, str],
    stdin: str,
) -> Finished:
    """Run uv, and again with new pages if the hashes of those that it has kept are wrong."""

    def call(*more: str) -> Finished:
        # Run in the project: variables such as UV_CONSTRAINT name files from there.
        return run_uv(
            (*arguments, *more),
            cwd=options.root or source,
            environ=environ,
            log=lambda line: options.log(hide_credentials(line, MARK)),
            stdin=stdin,
            seconds=10 * options.timeout,  # uv begins to wait again with each byte that comes
            count=options.count,
        )

    finished = call("--no-cache") if options.cache is None else call()
    # So uv 0.13 says that a file is not the one that its page announces.
    if "Hash mismatch for" not in finished.output:
        return finished
    refreshed = call("--refresh")  # which UV_OFFLINE, for one, forbids
    return finished if refreshed.status else refreshed


def _compile(python: Path, source: Path, options: EnvironmentOptions) -> None:
    """Compile what is installed, once: the first import would, and PYTHONDONTWRITEBYTECODE all.

    What does not compile, as templates of other Pythons, is left as it is.
    """
    folders = [str(folder) for folder in python.parents[1].glob("lib/python*/site-packages")]
    run(
        (str(python), "-I", "-m", "compileall", "-qq", "-j", "0", *folders),
        cwd=source,
        environ=strip_credentials(options.environ),
    )
