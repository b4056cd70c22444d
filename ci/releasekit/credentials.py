"""Credentials and `.pypirc`, by twine's own rules."""

from __future__ import annotations

import codecs
import configparser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from twine import auth, exceptions, utils

from releasekit.errors import MissingCredentials, ReleasekitError
from releasekit.errors.access import (
    KEYRING_SILENT,
    MISSING_ADMIN_CREDENTIALS,
    MISSING_CREDENTIALS,
    SIMPLE_ADDRESS,
    UNREADABLE_PYPIRC,
)
from releasekit.errors.usage import UNKNOWN_PYPIRC_SECTION
from releasekit.home import find_home
from releasekit.lookup import Resolver
from releasekit.model.credentials import (
    ADMIN_ENVIRONMENT,
    ENVIRONMENT,
    NO_CREDENTIALS,
    Credentials,
    Say,
    find_environ_credentials,
    say_nothing,
)

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
    """Read the section of `~/.pypirc` that `-r NAME` means.

    Raises UNREADABLE_PYPIRC, and UNKNOWN_PYPIRC_SECTION.
    """
    path, file, reason, found = utils.DEFAULT_CONFIG_FILE, find_pypirc(environ), "", {}
    try:
        _refuse_unreadable(file, path)
        found = utils.get_repository_from_config(str(file), name)
    except FileNotFoundError:
        reason = "no such file or directory"
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
    elif (bare := url.rstrip("/")).endswith("/simple"):
        suggestion = f"repository = {bare.removesuffix('simple')}"
        place = f"{path}, section [{name}]"
        raise ReleasekitError(SIMPLE_ADDRESS, place=place, url=url, suggestion=suggestion)
    if reason:
        raise ReleasekitError(UNKNOWN_PYPIRC_SECTION, name=name, path=path, reason=reason)
    return PypircSection(
        name=name,
        path=path,
        url=url,
        ca_cert=found.get("ca_cert"),
        client_cert=found.get("client_cert"),
    )


def is_default_repository(url: str) -> bool:
    """Tell whether an address is on the host of one of twine's default repositories."""
    defaults = (utils.DEFAULT_REPOSITORY, utils.TEST_REPOSITORY)
    return urlsplit(url).hostname in {urlsplit(default).hostname for default in defaults}


def _refuse_unreadable(file: Path, path: str) -> None:
    """Raise UNREADABLE_PYPIRC for a file that gives no section at all; and FileNotFoundError."""
    reason, content = "", b""
    try:
        content = file.read_bytes()
        content.decode("utf-8")
        utils.get_config(str(file))
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
    except UnicodeError:
        reason = "it is not encoded in UTF-8: save it as UTF-8"
    except (exceptions.TwineException, configparser.Error):
        reason = "it is malformed: it has [sections], and in them lines of `name = value`"
    if content.startswith(BYTE_ORDER_MARKS):
        reason = "it begins with a byte order mark: save it as UTF-8 without one (no BOM)"
    if reason:
        raise ReleasekitError(UNREADABLE_PYPIRC, path=path, reason=reason)


def find_stated_credentials(section: str | None, environ: Mapping[str, str]) -> Credentials | None:
    """Return what the environment and a `.pypirc` section give whole; nothing else is asked."""
    if found := find_environ_credentials(environ):
        return found
    if not section:
        return None
    config = utils.get_repository_from_config(str(find_pypirc(environ)), section)
    username = environ.get("TWINE_USERNAME") or config.get("username")
    password = environ.get("TWINE_PASSWORD") or config.get("password")
    if not username or not password:
        return None
    source = ENVIRONMENT if environ.get("TWINE_PASSWORD") else f".pypirc section {section}"
    return Credentials(username=username, password=password, source=source)


def read_credentials(
    url: str,
    *,
    section: str | None,
    environ: Mapping[str, str],
    interactive: bool,
    say: Say = say_nothing,
) -> Credentials:
    """Find the user name and the password for a repository.

    In twine's order: environment, `.pypirc` section, keyring, and a prompt on a terminal only.
    `say` gets what is asked for, and what is waited for. Raises MissingCredentials.
    """
    if whole := find_stated_credentials(section, environ):
        return whole
    config: utils.RepositoryConfig = {}
    if section:
        config = utils.get_repository_from_config(str(find_pypirc(environ)), section)
    stated = auth.CredentialInput(
        environ.get("TWINE_USERNAME") or None, environ.get("TWINE_PASSWORD") or None
    )
    resolver = Resolver(
        url, config, stated, interactive=interactive, say=say, variables=ENVIRONMENT
    )
    values = {}
    for what, label in (("username", "user name"), ("password", "password")):
        if not (found := resolver.find(what)):
            raise MissingCredentials(
                MISSING_CREDENTIALS,
                url=url,
                missing=label,
                pypirc=utils.DEFAULT_CONFIG_FILE,
                fix=_explain_missing(environ),
            )
        values[what] = found
    source = "what was typed" if resolver.was_typed else "keyring"
    return Credentials(**values, source=source)


def _explain_missing(environ: Mapping[str, str]) -> str:
    """Name the cause that GitLab hides: protected variables are not given to other refs' jobs."""
    if environ.get("CI_COMMIT_REF_PROTECTED") != "false":
        return "set TWINE_USERNAME and TWINE_PASSWORD (in CI: masked, protected variables)"
    ref = environ.get("CI_COMMIT_REF_NAME", "this ref")
    return (
        f"{ref} is not protected, and its jobs get no protected variables: protect it in GitLab\n"
        "(Settings, Repository, Protected tags or branches), then run a new pipeline"
    )


def find_credentials(
    url: str, *, section: str | None, environ: Mapping[str, str], say: Say = say_nothing
) -> Credentials:
    """Find the publisher's credentials without a prompt; NO_CREDENTIALS where there are none."""
    try:
        return read_credentials(url, section=section, environ=environ, interactive=False, say=say)
    except MissingCredentials as error:
        _say_silent(error, say)
        return NO_CREDENTIALS


def find_admin_credentials(url: str, *, environ: Mapping[str, str], say: Say) -> Credentials:
    """Find the administrator's without a prompt; NO_CREDENTIALS where there are none."""
    try:
        return read_admin_credentials(url, environ=environ, interactive=False, say=say)
    except MissingCredentials as error:
        _say_silent(error, say)
        return NO_CREDENTIALS


def _say_silent(error: MissingCredentials, say: Say) -> None:
    """Say that a keyring did not answer: who may do without it is not stopped."""
    if error.entry is KEYRING_SILENT:
        answers = error.answers()
        say("note", f"{answers['what']}: {answers['why']}")


def find_environ_admin(environ: Mapping[str, str]) -> Credentials | None:
    """Return the administrator's credentials, if the environment gives the password."""
    if not (password := environ.get("RELEASEKIT_ADMIN_PASSWORD")):
        return None
    username = environ.get("RELEASEKIT_ADMIN_USERNAME") or "admin"
    return Credentials(username=username, password=password, source=ADMIN_ENVIRONMENT)


def read_admin_credentials(
    url: str, *, environ: Mapping[str, str], interactive: bool, say: Say = say_nothing
) -> Credentials:
    """Find the credentials of the administration, for the Nexus at `url`.

    Environment, keyring (under the address of Nexus), and a prompt on a terminal only. The user is
    `admin` where nothing else is said. Raises MissingCredentials.
    """
    if whole := find_environ_admin(environ):
        return whole
    username = environ.get("RELEASEKIT_ADMIN_USERNAME") or "admin"
    named = auth.CredentialInput(username, None)
    resolver = Resolver(
        url, {}, named, interactive=interactive, say=say, variables=ADMIN_ENVIRONMENT
    )
    if not (found := resolver.find("password")):
        raise MissingCredentials(MISSING_ADMIN_CREDENTIALS, url=url, username=username)
    source = "what was typed" if resolver.was_typed else "keyring"
    return Credentials(username=username, password=found, source=source)
