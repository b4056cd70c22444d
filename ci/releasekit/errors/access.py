"""Status 2, usage: who one is, whom one trusts, and what one may: all that a login rests on."""

from __future__ import annotations

from dataclasses import dataclass

from releasekit.errors.base import ReleasekitError, Status


@dataclass(kw_only=True, eq=False)
class MissingCredentials(ReleasekitError):
    """Nothing gave a user name or a password for the repository."""

    status = Status.USAGE
    what = "no {missing} for the repository"
    where = "{url}"
    why = "not in TWINE_USERNAME and TWINE_PASSWORD, not in {pypirc}, not in the keyring"
    next = "{mend}"
    url: str
    missing: str
    pypirc: str
    mend: str


@dataclass(kw_only=True, eq=False)
class HalfGivenReader(ReleasekitError):
    """The environment gives the user who reads, or the password, and not the other one."""

    status = Status.USAGE
    what = "{missing} is not set"
    where = "the environment"
    why = "{given} is set, and reading needs both"
    next = "set {missing} as well, or neither: `unset {given}`"
    given: str
    missing: str


@dataclass(kw_only=True, eq=False)
class BadCertificateFile(ReleasekitError):
    """`ca-bundle` or `client-cert` cannot be loaded."""

    status = Status.USAGE
    what = "{key} cannot be used"
    where = "{path}"
    why = "{reason}"
    next = "{mend}"
    key: str
    path: str
    reason: str
    mend: str


@dataclass(kw_only=True, eq=False)
class UntrustedCertificate(ReleasekitError):
    """The server's certificate proves nothing here: unknown CA, other name, expired."""

    status = Status.USAGE
    what = "the server's certificate is not trusted"
    where = "{url}"
    why = "{reason}"
    next = "{mend}"
    url: str
    reason: str
    mend: str = "set ca-bundle (or RELEASEKIT_CA_BUNDLE) to the PEM file of your company's CA"


@dataclass(kw_only=True, eq=False)
class UnusableProxy(ReleasekitError):
    """The proxy of the environment asks for a login, or is none that can be used."""

    status = Status.USAGE
    what = "the proxy cannot be used"
    where = "{url}"
    why = "{reason}"
    next = "{mend}"
    url: str
    reason: str
    mend: str


@dataclass(kw_only=True, eq=False)
class ClientCertificateRefused(ReleasekitError):
    """The server wants a client certificate, and another one than it was shown."""

    status = Status.USAGE
    what = "the server does not accept this client"
    where = "{url}"
    why = "{reason}"
    next = "{mend}"
    url: str
    reason: str
    mend: str


@dataclass(kw_only=True, eq=False)
class WrongCredentials(ReleasekitError):
    """The server answered 401."""

    status = Status.USAGE
    what = "the user name or the password is wrong"
    where = "{url}"
    why = "the server answered {answer} to user {username}, whose credentials came from {source}"
    next = "{mend}"
    url: str
    username: str
    source: str
    answer: str = "401"
    mend: str = (
        "check TWINE_USERNAME and TWINE_PASSWORD (or the .pypirc section);\n"
        "Nexus answers 401 to a disabled user as well"
    )


@dataclass(kw_only=True, eq=False)
class NotPermitted(ReleasekitError):
    """The server answered 403."""

    status = Status.USAGE
    what = "this user may not {action}"
    where = "{url}"
    why = "the server answered 403 to user {username}: {reason}"
    next = "ask the Nexus administrator for the privileges {privileges} on this repository"
    url: str
    username: str
    action: str
    reason: str
    privileges: str = "add, browse and read"


@dataclass(kw_only=True, eq=False)
class MissingAdminCredentials(ReleasekitError):
    """Nothing gave a password for the administration of Nexus."""

    status = Status.USAGE
    what = "no password for the administration of Nexus"
    where = "{url}, user {username}"
    why = "not in RELEASEKIT_ADMIN_PASSWORD, not in the keyring"
    next = (
        "set RELEASEKIT_ADMIN_PASSWORD (and RELEASEKIT_ADMIN_USERNAME, where it is not admin),\n"
        "or keep it: keyring set {url} {username}"
    )
    url: str
    username: str


@dataclass(kw_only=True, eq=False)
class NotAllowedByNexus(ReleasekitError):
    """The REST API answered 403."""

    status = Status.USAGE
    what = "this user may not {action}"
    where = "{url}"
    why = "Nexus answered 403 to user {username}"
    next = (
        "use an administrator's RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD,\n"
        "or ask the Nexus administrator to run this"
    )
    url: str
    username: str
    action: str


@dataclass(kw_only=True, eq=False)
class CredentialsNeeded(ReleasekitError):
    """Nobody reads this repository without credentials, and there are none."""

    status = Status.USAGE
    what = "reading this needs a user name and a password"
    where = "{url}"
    why = (
        "the server answered {answer}, and there are no credentials for reading: not in\n"
        "RELEASEKIT_READER_USERNAME and RELEASEKIT_READER_PASSWORD, not in ~/.netrc (or the file\n"
        "that NETRC names), not in TWINE_USERNAME and TWINE_PASSWORD"
    )
    next = (
        "set RELEASEKIT_READER_USERNAME and RELEASEKIT_READER_PASSWORD to a user who may read;\n"
        "or add the host to ~/.netrc (machine HOST login NAME password PASSWORD; chmod 600),\n"
        "which pip and uv read too"
    )
    url: str
    answer: str


@dataclass(kw_only=True, eq=False)
class MissingPublisherPassword(ReleasekitError):
    """The publisher is to be created, and nobody would see a password that is made up."""

    status = Status.USAGE
    what = "no password for the new user {username}"
    where = "{url}"
    why = "without a terminal nobody sees one that is made up, or a log keeps it"
    next = "set RELEASEKIT_PUBLISHER_PASSWORD (in CI: masked, protected), or run this on a terminal"
    url: str
    username: str


@dataclass(kw_only=True, eq=False)
class BuildBesideCredentials(ReleasekitError):
    """A build requirement would be built by a call of uv that holds credentials."""

    status = Status.USAGE
    what = "{subject}: not built, because a build requirement is never built beside credentials"
    where = "{root}; requirements come from {index}"
    why = "{reason};\na build runs the code of others, and uv holds credentials here ({source})"
    next = "{mend}"
    subject: str
    root: str
    index: str
    reason: str
    source: str
    mend: str
