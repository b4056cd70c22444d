"""Credentials and `.pypirc`, by twine's rules: environment, section, keyring, and a prompt."""

import codecs
import configparser
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from twine import auth, exceptions, utils

from releasekit.errors import MissingCredentials, ReleasekitError, access, usage
from releasekit.home import find_home
from releasekit.model.access import (
    ADMIN_ENVIRONMENT,
    ENVIRONMENT,
    NO_CREDENTIALS,
    Credentials,
    Say,
    find_environ_credentials,
    say_nothing,
)
from releasekit.signals import interrupts_end_prompts
from releasekit.threads import start

WAITED = 2.0  # seconds until a wait for a keyring is shown: one that is unlocked takes less
# Seconds to wait for a keyring; at a terminal, somebody may be typing into its dialog.
PATIENCE, PATIENCE_WITH_PEOPLE = 15.0, 60.0
# The last thread that asked a keyring: one that hangs is not asked again in this process.
_lookups: list[threading.Thread] = []


@dataclass(frozen=True, kw_only=True, slots=True)
class PypircSection:
    """A repository as `.pypirc` describes it."""

    name: str
    path: str
    url: str
    ca_cert: str | None
    client_cert: str | None


def read_pypirc(name: str, environ: Mapping[str, str]) -> PypircSection:
    """Read the section of `~/.pypirc` that `-r NAME` means.

    Raises UNREADABLE_PYPIRC, and UNKNOWN_PYPIRC_SECTION.
    """
    path, reason, found = utils.DEFAULT_CONFIG_FILE, "", {}
    file = find_home(environ) / ".pypirc"  # twine would look into the home of the process
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
        raise ReleasekitError(access.SIMPLE_ADDRESS, place=place, url=url, suggestion=suggestion)
    if reason:
        raise ReleasekitError(usage.UNKNOWN_PYPIRC_SECTION, name=name, path=path, reason=reason)
    return PypircSection(
        name=name,
        path=path,
        url=url,
        ca_cert=found.get("ca_cert"),
        client_cert=found.get("client_cert"),
    )


def _read_config(section: str | None, environ: Mapping[str, str]) -> utils.RepositoryConfig:
    if not section:
        return {}
    return utils.get_repository_from_config(str(find_home(environ) / ".pypirc"), section)


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
    if content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        reason = "it begins with a byte order mark: save it as UTF-8 without one (no BOM)"
    if reason:
        raise ReleasekitError(access.UNREADABLE_PYPIRC, path=path, reason=reason)


def is_default_repository(url: str) -> bool:
    """Tell whether an address is on the host of one of twine's default repositories."""
    defaults = (utils.DEFAULT_REPOSITORY, utils.TEST_REPOSITORY)
    return urlsplit(url).hostname in {urlsplit(default).hostname for default in defaults}


class _Resolver(auth.Resolver):
    """twine's rules; but a keyring that does not answer is waited for only so long.

    It may show a dialog on a screen that nobody sees, or ask a service that hangs (D-Bus).
    """

    def __init__(
        self,
        url: str,
        config: utils.RepositoryConfig,
        stated: auth.CredentialInput,
        *,
        interactive: bool,
        say: Say,
        variables: str,
    ) -> None:
        super().__init__({**config, "repository": url}, stated)
        self._url, self._interactive, self._say = url, interactive, say
        self._variables, self.source = variables, "keyring"

    def find(self, what: str) -> str | None:
        """Return "username" or "password"; None if nothing and nobody gives it.

        Raises KEYRING_SILENT.
        """
        try:
            value: str | None = getattr(self, what)
        except (exceptions.NonInteractive, EOFError):
            return None
        return value

    def get_username_from_keyring(self) -> str | None:
        return self._ask_keyring(super().get_username_from_keyring)

    def get_password_from_keyring(self) -> str | None:
        return self._ask_keyring(super().get_password_from_keyring)

    def prompt(self, what: str, how: Callable[..., str]) -> str:
        if not self._interactive:
            raise exceptions.NonInteractive(what)
        user = "" if what == "username" else f", user {self.username}"
        self._say("login", f"{self._url}{user}")
        self.source = "what was typed"
        with interrupts_end_prompts():
            return super().prompt(what, how)

    def _ask_keyring(self, ask: Callable[[], str | None]) -> str | None:
        """Return what it says. Somebody at a terminal can type the password instead."""
        seconds = PATIENCE_WITH_PEOPLE if self._interactive else PATIENCE
        if not any(thread.is_alive() for thread in _lookups):
            found: list[str | None] = []
            thread = start(lambda: found.append(ask()))
            _lookups[:] = [thread]
            thread.join(min(WAITED, seconds))
            if thread.is_alive():
                text = f"waiting for the keyring to give the login for {self._url}"
                self._say("note", f"{text} (at most {seconds:g} s): it may ask to be unlocked")
                thread.join(seconds)
            if not thread.is_alive():
                return found[0] if found else None
        if self._interactive:
            self._say("note", f"the keyring did not answer within {seconds:g} s")
            return None
        raise MissingCredentials(
            access.KEYRING_SILENT, url=self._url, seconds=seconds, variables=self._variables
        )


def find_stated_credentials(section: str | None, environ: Mapping[str, str]) -> Credentials | None:
    """Return what the environment and a `.pypirc` section give whole; nothing else is asked."""
    if whole := find_environ_credentials(environ):
        return whole
    config = _read_config(section, environ)
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
    """Find the user name and the password for a repository; a prompt is shown on a terminal only.

    `say` gets what is asked for, and what is waited for. Raises MissingCredentials.
    """
    if whole := find_stated_credentials(section, environ):
        return whole
    stated = auth.CredentialInput(
        environ.get("TWINE_USERNAME") or None, environ.get("TWINE_PASSWORD") or None
    )
    config = _read_config(section, environ)
    resolver = _Resolver(
        url, config, stated, interactive=interactive, say=say, variables=ENVIRONMENT
    )
    values = {}
    for what, label in (("username", "user name"), ("password", "password")):
        if not (found := resolver.find(what)):
            raise MissingCredentials(
                access.MISSING_CREDENTIALS,
                url=url,
                missing=label,
                pypirc=utils.DEFAULT_CONFIG_FILE,
                fix=_explain_missing(environ),
            )
        values[what] = found
    return Credentials(**values, source=resolver.source)


def _explain_missing(environ: Mapping[str, str]) -> str:
    """Name the cause that GitLab hides: protected variables are not given to other refs' jobs."""
    if environ.get("CI_COMMIT_REF_PROTECTED") != "false":
        return "set TWINE_USERNAME and TWINE_PASSWORD (in CI: masked, protected variables)"
    ref = environ.get("CI_COMMIT_REF_NAME", "this ref")
    return (
        f"{ref} is not protected, and its jobs get no protected variables: protect it in GitLab\n"
        "(Settings, Repository, Protected tags or branches), then run a new pipeline"
    )


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

    The keyring has them under the address of Nexus; the user is `admin` where nothing else is said.
    Raises MissingCredentials.
    """
    if whole := find_environ_admin(environ):
        return whole
    username = environ.get("RELEASEKIT_ADMIN_USERNAME") or "admin"
    named = auth.CredentialInput(username, None)
    resolver = _Resolver(
        url, {}, named, interactive=interactive, say=say, variables=ADMIN_ENVIRONMENT
    )
    if not (found := resolver.find("password")):
        raise MissingCredentials(access.MISSING_ADMIN_CREDENTIALS, url=url, username=username)
    return Credentials(username=username, password=found, source=resolver.source)


def try_to_read(read: Callable[[], Credentials], say: Say = say_nothing) -> Credentials:
    """Return what one of these functions finds; NO_CREDENTIALS where there are none.

    A keyring that did not answer is noted: who may do without it is not stopped.
    """
    try:
        return read()
    except MissingCredentials as error:
        if error.entry is access.KEYRING_SILENT:
            answers = error.answers()
            say("note", f"{answers['what']}: {answers['why']}")
        return NO_CREDENTIALS
