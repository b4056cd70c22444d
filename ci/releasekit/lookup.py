"""How a keyring and the person at the terminal are asked for credentials, by twine's rules."""

from __future__ import annotations

import threading
from collections.abc import Callable

from twine import auth, exceptions, utils

from releasekit.errors import MissingCredentials
from releasekit.errors.access import KEYRING_SILENT
from releasekit.model.credentials import Say
from releasekit.signals import interrupts_end_prompts
from releasekit.threads import start

WAITED = 2.0
"""Seconds after which it is said what is waited for: a keyring that is unlocked takes less."""
PATIENCE, PATIENCE_WITH_PEOPLE = 15.0, 60.0
"""Seconds to wait for a keyring; at a terminal, somebody may be typing into its dialog."""
_lookups: list[threading.Thread] = []
"""The last thread that asked a keyring: one that hangs is not asked again in this process."""


class Resolver(auth.Resolver):
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
        self._variables, self.was_typed = variables, False

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
        """Ask the keyring for a user name."""
        return self._ask_keyring(super().get_username_from_keyring)

    def get_password_from_keyring(self) -> str | None:
        """Ask the keyring for the password."""
        return self._ask_keyring(super().get_password_from_keyring)

    def prompt(self, what: str, how: Callable[..., str]) -> str:
        """Ask the person at the terminal, and say what for."""
        if not self._interactive:
            raise exceptions.NonInteractive(what)
        user = "" if what == "username" else f", user {self.username}"
        self._say("login", f"{self._url}{user}")
        self.was_typed = True
        with interrupts_end_prompts():
            return super().prompt(what, how)

    def _ask_keyring(self, ask: Callable[[], str | None]) -> str | None:
        """Return what it says. Somebody at a terminal can type the password instead."""
        seconds = PATIENCE_WITH_PEOPLE if self._interactive else PATIENCE
        hangs = bool(_lookups) and _lookups[0].is_alive()
        if not hangs:
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
            KEYRING_SILENT, url=self._url, seconds=seconds, variables=self._variables
        )
