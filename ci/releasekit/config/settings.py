"""The settings of a project: each key, what its value may be, and the target that they name."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from releasekit.config.severity import Severities, parse_severities
from releasekit.index.layouts import REPOSITORIES, find_layout, repository_url
from releasekit.model.access import READER_ENVIRONMENT, Credentials
from releasekit.model.project import DEFAULT_PATTERNS, PLACE


def _check_address(value: str) -> str:
    if re.search(r"\s", value):  # urlsplit would drop line breaks and tabs, and let them pass
        raise ValueError("an address has no space and no line break in it")
    try:
        parts = urlsplit(value)
    except ValueError:  # its text holds the login (characters that NFKC changes)
        raise ValueError("this is not an http:// or https:// address") from None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("this is not an http:// or https:// address")
    return value


def _check_url(value: str) -> str:
    parts = urlsplit(_check_address(value))
    try:
        is_port = parts.port != 0
    except ValueError:  # its text holds the port, a password in https://bob:se/cret@host
        is_port = False
    is_host = re.fullmatch(r"(?!\.|.*\.\.)[\w.:-]{1,253}", parts.hostname or "")
    problems = {
        f"{parts.hostname} is no host name": not is_host,
        "credentials do not belong here; use TWINE_USERNAME and TWINE_PASSWORD": (
            parts.username or parts.password
        ),
        "the address of Nexus has neither ? nor # in it": parts.query or parts.fragment,
        "the port is no number from 1 to 65535": not is_port,
        "give the address of Nexus itself, without /repository/NAME/": (
            REPOSITORIES in f"{parts.path}/"
        ),
        "give the address of Nexus itself, without /simple/": (
            parts.path.rstrip("/").endswith("/simple")
        ),
    }
    for problem, is_met in problems.items():
        if is_met:
            raise ValueError(problem)
    return value.rstrip("/")


def _check_pattern(value: str) -> str:
    if len(PLACE.findall(value)) != 1 or value.count("{version") != 1:
        raise ValueError(
            'a tag pattern holds {version} exactly once, as in "v{version}"; '
            '"rel_{version:_}" is for tags like rel_1_2_3 (also - -- __ , /)'
        )
    return value


def _split(separator: str, value: object) -> object:
    """Read acme-*,secret-lib, the form of a list that an environment variable can hold."""
    if not isinstance(value, str):
        return value
    return [part for part in map(str.strip, re.split(separator, value)) if part]


def _check_wheel_pattern(value: str) -> str:
    # Three parts of a wheel's tag: Python, ABI, platform (PEP 425); each may hold * ? [...].
    if not re.fullmatch(r"[^\s/-]+-[^\s/-]+-[^\s/-]+", value):
        raise ValueError(f'{value} is no wheel tag like "cp311-*-manylinux*_x86_64"')
    return value


def _check_repair(value: str) -> str:
    shlex.split(value)  # ValueError: No closing quotation
    if not all(name in value for name in ("{wheel}", "{dest_dir}")):
        raise ValueError("it has {wheel} and {dest_dir} in it, as paths are put in for them")
    return value


def _check_python(value: str) -> str:
    if not re.fullmatch(r"3\.[1-9]\d?", value):
        raise ValueError(f'{value} is no version of Python like "3.12"')
    return value


def _read_commands(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _check_command(value: str) -> str:
    if not shlex.split(value):  # ValueError: No closing quotation
        raise ValueError("a command has a program in it")
    return value


NAMES = BeforeValidator(partial(_split, r"[,\s]+"))
LABELS = BeforeValidator(partial(_split, ","))  # which may have spaces in them
# The names that Nexus accepts for a repository.
RepositoryName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9-][a-zA-Z0-9_.-]*$")]
# A project's name (PEP 508), or the beginning of names with a star at its end.
OWN_NAME = r"^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:[._-]*\*)?$"
Seconds = Annotated[float, Field(gt=0, le=86400)]


class Settings(BaseModel):
    """What `[tool.releasekit]`, the environment and the options say together."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=lambda name: name.replace("_", "-"),
        hide_input_in_errors=True,
    )

    url: Annotated[
        Annotated[str, AfterValidator(_check_url)] | None,
        # "sandbox": a merge request rehearses there although the project names a Nexus.
        BeforeValidator(lambda value: None if value == "sandbox" else value),
        Field(description='address of Nexus; absent or "sandbox": the embedded sandbox'),
    ] = None
    hosted: Annotated[
        RepositoryName, Field(description="hosted repository that releases go to")
    ] = "pypi-hosted"
    group: Annotated[
        RepositoryName | None,
        Field(description="group to verify and install from; absent: the hosted repository itself"),
    ] = None
    proxy: Annotated[
        RepositoryName, Field(description="proxy repository, a member of the group")
    ] = "pypi-proxy"
    proxy_remote: Annotated[
        Annotated[str, AfterValidator(_check_address)] | None,
        Field(description="address of the index that the proxy serves (provision)"),
    ] = None
    snapshots: Annotated[
        RepositoryName | None,
        Field(description="hosted repository that development versions may go to"),
    ] = None
    proxy_max_age: Annotated[
        int,
        Field(gt=0, description="minutes after which the proxy asks its remote again (provision)"),
    ] = 1440
    own_names: Annotated[
        tuple[Annotated[str, Field(pattern=OWN_NAME)], ...],
        NAMES,
        Field(
            description='names of your own, or "acme-*": the proxy never serves them (provision), '
            "and a release into a sandbox takes them from the group alone"
        ),
    ] = ()
    anonymous: Annotated[
        bool | None,
        Field(description="whether everybody may read; absent: left as it is (provision)"),
    ] = None
    ca_bundle: Annotated[
        str | None,
        Field(description="the company's CA: a PEM file, a directory of them, or PEM text"),
    ] = None
    client_cert: Annotated[
        str | None, Field(description="PEM file with a client certificate and its key")
    ] = None
    tag: Annotated[
        Annotated[str, AfterValidator(_check_pattern)] | None,
        Field(
            description='release tags, as "v{version}", or "rel_{version:_}" for rel_1_2_3; '
            "absent: with or without the v"
        ),
    ] = None
    wheels: Annotated[
        tuple[Annotated[str, AfterValidator(_check_wheel_pattern)], ...],
        NAMES,
        Field(description='tags of all wheels of a release, as "cp311-*-manylinux*_x86_64"'),
    ] = ()
    pythons: Annotated[
        tuple[Annotated[str, AfterValidator(_check_python)], ...],
        NAMES,
        Field(
            description='versions of Python that the release is proven with, as ["3.10", "3.13"]; '
            "absent: the one that runs"
        ),
    ] = ()
    smoke: Annotated[
        tuple[Annotated[str, AfterValidator(_check_command)], ...],
        BeforeValidator(_read_commands),
        Field(
            description='the smoke test, as "demo --version", or a list of commands; they are run '
            "without a shell, in an empty directory"
        ),
    ] = ()
    smoke_timeout: Annotated[
        Seconds, Field(description="seconds that a smoke test, or all imports, may take")
    ] = 60
    severity: Annotated[
        Severities,
        BeforeValidator(parse_severities),
        Field(description='"strict", or error, warning, note or off for the code of a check'),
    ] = Severities()
    required_urls: Annotated[
        tuple[Annotated[str, Field(pattern=r"\w")], ...],
        LABELS,
        Field(description='labels that the project URLs must have, as ["Source", "Changelog"]'),
    ] = ()
    size_limit: Annotated[
        float, Field(gt=0, description="megabytes above which a dist is a finding")
    ] = 100
    build_constraints: Annotated[
        str | None, Field(description="constraints file for the build requirements")
    ] = None
    repair_wheel_command: Annotated[
        Annotated[str, AfterValidator(_check_repair)] | None,
        Field(
            description='makes of each platform wheel the one to release, as "auditwheel repair '
            '-w {dest_dir} {wheel}"'
        ),
    ] = None
    timeout: Annotated[
        Seconds,
        Field(
            description="seconds to wait for an answer; a transfer slower than 32 KiB per second "
            "ends after as many"
        ),
    ] = 60
    stale_limit: Annotated[
        Seconds, Field(description="seconds to wait for the group to show an upload")
    ] = 30
    cache_dir: Annotated[
        str | None,
        Field(
            description="where build environments, and what uv downloads, are kept; absent: the "
            "user's cache directories"
        ),
    ] = None

    @model_validator(mode="after")
    def _check_names(self) -> Settings:
        names = [self.hosted, self.proxy, self.group, self.snapshots]
        lower = [name.lower() for name in names if name]
        if len(set(lower)) < len(lower):
            raise ValueError("hosted, proxy, group and snapshots are different repositories")
        return self

    @property
    def tag_patterns(self) -> tuple[str, ...]:
        """Return the patterns that a release tag may have, the preferred one first."""
        return (self.tag,) if self.tag else DEFAULT_PATTERNS


KEYS: tuple[str, ...] = tuple(field.alias or name for name, field in Settings.model_fields.items())

SANDBOX_CA = "# The CA of a sandbox of releasekit\n"
"""The first line of its file, which tells that address from that of a Nexus on this machine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where a release goes and where it is installed from."""

    upload_url: str
    """Address of the hosted repository, with the slash at the end that Nexus demands."""
    install_url: str
    """Address of the repository that people install from: the group's, or else the hosted one."""
    snapshots_url: str | None = None
    credentials: Credentials
    """For uploads alone."""
    reader: Credentials
    """For what is read: pages, files, the group, the install-back; see `find_reader`."""
    sandbox: bool = False
    """True for the embedded sandbox: nothing leaves the machine, and any tree may go there."""

    def find_reader(self, url: str) -> Credentials:
        """Return the credentials that read the repository at `url`.

        A command that uploads reads the repository that it uploads to as the publisher, unless
        RELEASEKIT_READER_* are set: an entry of netrc is there for pip, and often of a user who
        may read the group alone.
        """
        is_hosted = url in (self.upload_url, self.snapshots_url)
        is_publisher = self.credentials.password and self.reader.source != READER_ENVIRONMENT
        return self.credentials if is_hosted and is_publisher else self.reader


def hosted_url(settings: Settings) -> str:
    """Return the address of the hosted repository that `url` and `hosted` name."""
    return repository_url(str(settings.url), settings.hosted)


def make_target(
    url: str, settings: Settings, credentials: Credentials, reader: Credentials
) -> Target:
    """Return the target of a hosted repository; `group` and `snapshots` are on the same server."""
    upload_url = f"{url.rstrip('/')}/"
    find_sibling = find_layout(upload_url).find_sibling
    group, snapshots = (
        find_sibling(upload_url, name) if name else None
        for name in (settings.group, settings.snapshots)
    )
    return Target(
        upload_url=upload_url,
        install_url=group or upload_url,
        snapshots_url=snapshots,
        credentials=credentials,
        reader=reader,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """Certificates that are trusted, and the client's own."""

    ca_bundle: str | None
    client_cert: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where a run goes, by its settings, and what is trusted there."""

    settings: Settings
    target: Target
    trust: Trust
