"""The call of uv that installs build requirements: it builds only where it has no credentials."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from releasekit.errors import ReleasekitError
from releasekit.errors.access import BUILD_WITH_CREDENTIALS, LICENSE_LIMIT
from releasekit.errors.refused import INVALID_BUILD_REQUIREMENT
from releasekit.errors.setup import NO_UPLOAD_TIMES
from releasekit.errors.usage import INVALID_UV_SETTING
from releasekit.model.credentials import refused_login
from releasekit.netrc import find_netrc, is_known_to_uv
from releasekit.redact import hide_credentials
from releasekit.uv.certificates import find_refused_certificate
from releasekit.uv.credentials import (
    find_building_line,
    find_built,
    find_invalid,
    find_source,
    find_unbuilt_names,
    list_addresses,
)
from releasekit.uv.indexes import (
    BuildIndex,
    Installer,
    strip_credentials,
)
from releasekit.uv.proxies import find_proxy_failure

NEVER_BUILD = ("--no-build", "--no-compile-bytecode")
NOT_FOR_INSTALLS = ("UV_COMPILE_BYTECODE", "UV_PUBLISH_")
"""How variables begin that an install does without: one would start the Python with what is
installed (and contradicts --no-compile-bytecode), the others are for uploads."""
LOGIN_REFUSED = re.compile(r"\((401 Unauthorized|403 Forbidden)\)")
"""How uv 0.13 says that an index did not let it in."""
LIMIT_MET = re.compile(r"\((402 [^\n]*)\) for url \((https?://[^\s)]+)\)")
FINAL = re.compile(
    r"Failed to parse entry|TOML parse error|The build backend returned an error"
    r"|couldn't find remote ref"
)
"""What uv 0.13 says where the same call fails again. "No solution" is not of them: a group whose
proxy is down looks as if nobody had the project (docs/nexus-behaviour.md, Remote failures)."""
INVALID_SETTING = re.compile(
    r"^error: (invalid value '[^\n]*|Failed to parse environment variable [^\n]*)", re.MULTILINE
)
"""How uv 0.13 says that it cannot read an option, which a setting became, or a variable."""
NO_TIME = "is missing an upload date"
FILTERED = re.compile(r"`([^`\s]+)` was filtered by `(exclude-newer(?:-package)?)`")
"""How uv 0.13 says that it left files out, and why."""
CONSTRAINT_FILES = ("UV_CONSTRAINT", "UV_OVERRIDE")
WHEEL_OR_PIN = (
    "put a wheel of it on that index (`python -m pip wheel --no-deps {name}` makes it: run that\n"
    "without credentials), or name a version that has one in the file of build-constraints"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class UvCall:
    """How uv installs: its environment and options, and what its messages name."""

    environ: Mapping[str, str] = field(repr=False)
    clean: Mapping[str, str] = field(repr=False)
    """For what needs no index: its start of the new Python runs code of what is installed."""
    options: tuple[str, ...]
    index: str
    root: str
    source: str
    """Where its credentials come from; nothing for a call that has none, and may build."""
    group: BuildIndex | None
    """The group that is asked, None where uv or pip are told of another index."""


def plan_call(
    installer: Installer,
    requires: Collection[str],
    *,
    root: Path,
    secret: Collection[str],
    constraints: Path | None,
    uv: Sequence[Mapping[str, Any]],
    group: BuildIndex | None,
) -> UvCall:
    """Return the call of uv that installs build requirements.

    `secret` names variables that no code of others may see.
    Raises INVALID_BUILD_REQUIREMENT, and BUILD_WITH_CREDENTIALS for what such a call would build.
    """
    for requirement in find_invalid(requires):
        raise ReleasekitError(
            INVALID_BUILD_REQUIREMENT, root=str(root), requirement=hide_credentials(requirement)
        )
    told = installer.environ.items()
    environ = {name: value for name, value in told if not name.startswith(NOT_FOR_INSTALLS)}
    source = find_source(environ, uv, requires) or find_login_file(environ, uv, requires)
    if group and source and source == installer.secret_name:
        source = group.credentials.source
    stripped = strip_credentials(environ).items()
    clean = {name: value for name, value in stripped if name not in secret}
    call = UvCall(
        environ=environ if source else {**clean, "NETRC": os.devnull},
        clean=clean,
        options=(*installer.options, *(NEVER_BUILD if source else ("--no-compile-bytecode",))),
        index=installer.index,
        root=str(root),
        source=source,
        group=group if group and installer.index == group.url else None,
    )
    if source:
        _refuse_builds(call, requires, constraints)
    return call


def find_login_file(
    environ: Mapping[str, str], uv: Sequence[Mapping[str, Any]], requires: Collection[str]
) -> str:
    """Return the file in which uv would find a password for an address that it asks, or ""."""
    for url in list_addresses(environ, uv, requires):
        if found := find_netrc(url, environ).password and "the netrc file":
            return found
        if is_known_to_uv(url, environ):
            return "the file of `uv auth login`"
    return ""


def _refuse_builds(
    call: UvCall,
    requires: Collection[str],
    constraints: Path | None,
) -> None:
    """Refuse what has packages built although uv gets --no-build."""
    named = [Path(name) for key in CONSTRAINT_FILES for name in call.environ.get(key, "").split()]
    for path in (*named, *((constraints,) if constraints else ())):
        line = find_building_line(_read(Path(call.root) / path))
        if line:
            reason = f"{path} has the line `{hide_credentials(line)}`"
            fix = "write only NAME==VERSION into that file, one per line (hashes may follow)"
            raise _refusal(call, "what a constraints file says", reason, fix)
    for requirement in find_built(requires):
        shown = hide_credentials(requirement)
        reason = "its address leads to no wheel, so uv would build it"
        fix = "name a version of an index instead (NAME==VERSION), or the address of a wheel"
        raise _refusal(call, shown, reason, fix)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # uv says what is wrong with it


def refuse_failed(call: UvCall, output: str, timeout: float) -> None:
    """Raise what a failed call of uv is, if that is known.

    BUILD_WITH_CREDENTIALS where it may not build; CREDENTIALS_NEEDED and WrongCredentials where the
    group does not let it in; NO_UPLOAD_TIMES; what `refuse_met` raises.
    """
    refuse_met(hide_credentials(output), call.index, call.environ, timeout)
    for line in output.splitlines():
        if call.group and call.group.url in line and (match := LOGIN_REFUSED.search(line)):
            who = call.group.credentials
            if not who.username or match[1].startswith("401"):
                raise refused_login(call.group.url, who, match[1])
    _refuse_without_times(call, output)
    if call.source and (names := find_unbuilt_names(output)):
        reason = "the index has no wheel of it for this Python and machine, only an sdist"
        fix = WHEEL_OR_PIN.format(name=names[0])
        raise _refusal(call, ", ".join(names), reason, fix)


def refuse_met(said: str, index: str, environ: Mapping[str, str], timeout: float) -> None:
    """Raise what uv met before an index answered as one, whatever it was called for.

    INVALID_UV_SETTING, UV_REFUSES_CERTIFICATE, what a proxy is, and LICENSE_LIMIT.
    """
    if invalid := INVALID_SETTING.search(said):
        raise ReleasekitError(INVALID_UV_SETTING, reason=invalid[1])
    if refused := find_refused_certificate(said, index):
        raise refused
    if refused := find_proxy_failure(said, environ, timeout):
        raise refused
    if met := LIMIT_MET.search(said):
        raise ReleasekitError(LICENSE_LIMIT, url=met[2], answer=met[1])


def _refuse_without_times(call: UvCall, output: str) -> None:
    """Raise NO_UPLOAD_TIMES if uv found nothing because the index does not say what is how old."""
    found = FILTERED.search(output)
    if not found or NO_TIME not in output:
        return
    name, setting = found.groups()
    fix = "export UV_EXCLUDE_NEWER=false   (in CI: a variable), then run this again"
    if setting == "exclude-newer-package":  # no variable of uv 0.13 beats this one
        fix = f"remove {name} from {setting}, or write there: {name} = false"
    raise ReleasekitError(
        NO_UPLOAD_TIMES, names=name, setting=f"`{setting}`", index=call.index, fix=fix
    )


def _refusal(call: UvCall, subject: str, reason: str, fix: str) -> ReleasekitError:
    return ReleasekitError(
        BUILD_WITH_CREDENTIALS,
        subject=subject,
        root=call.root,
        index=call.index,
        reason=reason,
        source=call.source,
        fix=fix,
    )
