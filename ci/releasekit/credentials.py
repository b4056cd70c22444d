"""Credentials and `.pypirc`, by twine's own rules."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from twine import auth, exceptions, utils

from releasekit.errors import MissingCredentials, ReleasekitError
from releasekit.errors.access import MISSING_ADMIN_CREDENTIALS, MISSING_CREDENTIALS
from releasekit.errors.usage import UNKNOWN_PYPIRC_SECTION
from releasekit.home import find_home
from releasekit.model.credentials import ENVIRONMENT, NO_CREDENTIALS, Credentials
from releasekit.signals import interrupts_end_prompts

BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, kw_only=True, slots=True)
class PypircSection:
    """A repository as `.pypirc` describes it."""

    name: str
    path: str
    url: str
    ca_cert: str | None
    client_cert: str | None


def find_pypirc(environ: Mapping[str, str]) -> Path:
    """Return the user's `.pypirc`; twine would look into the home of the process."""
    return find_home(environ) / ".pypirc"


def read_pypirc(name: str, environ: Mapping[str, str]) -> PypircSection:
    """Read the section of `~/.pypirc` that `-r NAME` means; raises UNKNOWN_PYPIRC_SECTION."""
    path, file, reason, found = utils.DEFAULT_CONFIG_FILE, find_pypirc(environ), "", {}
    try:
        if file.read_bytes().startswith(BYTE_ORDER_MARKS):
            reason = "it begins with a byte order mark: save it as UTF-8 without one (no BOM)"
        else:
            found = utils.get_repository_from_config(str(file), name)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
    except exceptions.TwineException as error:
        reason = str(error.args[0]).splitlines()[0].replace(str(file), path)
    except KeyError as error:
        reason = f"the section has no {error.args[0]}"
    url = found.get("repository") or ""
    if not reason and not url.startswith(("https://", "http://")):
        reason = "repository is no https:// address"
    elif url in (utils.DEFAULT_REPOSITORY, utils.TEST_REPOSITORY):
        reason = "that is twine's default, a public index; this kit publishes to private ones"
    elif "@" in urlsplit(url).netloc:  # it would show wherever the address does
        reason = "repository holds credentials; write username = … and password = … instead"
    if reason:
        raise ReleasekitError(UNKNOWN_PYPIRC_SECTION, name=name, path=path, reason=reason)
    return PypircSection(
        name=name,
        path=path,
        url=url,
        ca_cert=found.get("ca_cert"),
        client_cert=found.get("client_cert"),
    )


def read_credentials(
    url: str, *, section: str | None, environ: Mapping[str, str], interactive: bool
) -> Credentials:
    """Find the user name and the password for a repository.

    In twine's order: environment, `.pypirc` section, keyring, and a prompt on a terminal only.
    Raises MissingCredentials.
    """
    config: utils.RepositoryConfig = {"repository": url}
    if section:
        config = utils.get_repository_from_config(str(find_pypirc(environ)), section)
    given = auth.CredentialInput(
        environ.get("TWINE_USERNAME") or None, environ.get("TWINE_PASSWORD") or None
    )
    resolver = auth.Resolver.choose(interactive)(config, given)
    values = {}
    for what in ("username", "password"):
        try:
            with interrupts_end_prompts():
                values[what] = getattr(resolver, what)
        except (exceptions.NonInteractive, EOFError):
            values[what] = None
        if not values[what]:
            label = {"username": "user name", "password": "password"}[what]
            raise MissingCredentials(
                MISSING_CREDENTIALS,
                url=url,
                missing=label,
                pypirc=utils.DEFAULT_CONFIG_FILE,
                fix=_explain_missing(environ),
            )
    source = f".pypirc section {section}" if config.get("password") else "keyring"
    return Credentials(**values, source=ENVIRONMENT if given.password else source)


def _explain_missing(environ: Mapping[str, str]) -> str:
    """Name the cause that GitLab hides: protected variables are not given to other refs' jobs."""
    if environ.get("CI_COMMIT_REF_PROTECTED") != "false":
        return "set TWINE_USERNAME and TWINE_PASSWORD (in CI: masked, protected variables)"
    ref = environ.get("CI_COMMIT_REF_NAME", "this ref")
    return (
        f"{ref} is not protected, and its jobs get no protected variables: protect it in GitLab\n"
        "(Settings, Repository, Protected tags or branches), then run a new pipeline"
    )


def find_credentials(url: str, *, section: str | None, environ: Mapping[str, str]) -> Credentials:
    """Find the publisher's credentials without a prompt; NO_CREDENTIALS where there are none."""
    try:
        return read_credentials(url, section=section, environ=environ, interactive=False)
    except MissingCredentials:
        return NO_CREDENTIALS


def read_admin_credentials(
    url: str, *, environ: Mapping[str, str], interactive: bool
) -> Credentials:
    """Find the credentials of the administration, for the Nexus at `url`.

    Environment, keyring (under the address of Nexus), and a prompt on a terminal only. The user is
    `admin` where nothing else is said. Raises MISSING_ADMIN_CREDENTIALS.
    """
    username = environ.get("RELEASEKIT_ADMIN_USERNAME") or "admin"
    password = environ.get("RELEASEKIT_ADMIN_PASSWORD") or None
    given = auth.CredentialInput(username, password)
    try:
        with interrupts_end_prompts():
            found = auth.Resolver.choose(interactive)({"repository": url}, given).password
    except (exceptions.NonInteractive, EOFError):
        found = None
    if not found:
        raise MissingCredentials(MISSING_ADMIN_CREDENTIALS, url=url, username=username)
    source = "RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD" if password else "keyring"
    return Credentials(username=username, password=found, source=source)
