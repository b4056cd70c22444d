"""Status 2, usage: credentials, rights, certificates and proxies."""

from releasekit.errors import Entry

MISSING_CREDENTIALS = Entry(
    code="E231",
    title="no {missing} for the repository",
    where="{url}",
    why="not in TWINE_USERNAME and TWINE_PASSWORD, not in {pypirc}, not in the keyring",
    fix="{fix}",
    explanation="An upload needs a user name and a password, and nothing gives them.",
)
HALF_SET_READER = Entry(
    code="E232",
    title="{missing} is not set",
    where="the environment",
    why="{present} is set, and reading needs both",
    fix="set {missing} as well, or neither: `unset {present}`",
    explanation="One of RELEASEKIT_READER_USERNAME and RELEASEKIT_READER_PASSWORD is missing.",
)
CREDENTIALS_NEEDED = Entry(
    code="E233",
    title="reading this needs a user name and a password",
    where="{url}",
    why="the server answered {answer}, and there are no credentials for reading: not in\n"
    "RELEASEKIT_READER_USERNAME and RELEASEKIT_READER_PASSWORD, not in ~/.netrc (or the file\n"
    "that NETRC names), not in TWINE_USERNAME and TWINE_PASSWORD",
    fix="set RELEASEKIT_READER_USERNAME and RELEASEKIT_READER_PASSWORD to a user who may read;\n"
    "or add the host to ~/.netrc (machine HOST login NAME password PASSWORD; chmod 600),\n"
    "which pip and uv read too",
    explanation="The repository is closed to anonymous users, and there are no credentials.",
)
WRONG_CREDENTIALS = Entry(
    code="E234",
    title="the user name or the password is wrong",
    where="{url}",
    why="the server answered 401 to user {username}, whose credentials came from {source}{hint}",
    fix="check {source};\nNexus answers 401 to a disabled user as well",
    explanation="The repository answered 401 (unauthorized).",
)
WRONG_API_CREDENTIALS = Entry(
    code="E235",
    title="the user name or the password is wrong",
    where="{url}",
    why="the server answered 401 to user {username}, whose credentials came from {source}{hint}",
    fix="check {source}; Nexus answers 401 to a disabled user as well,\n"
    "and to all of its own users while its Local Authenticating Realm is off",
    explanation="The REST API of Nexus answered 401 (unauthorized).",
)
NOT_PERMITTED = Entry(
    code="E236",
    title="this user may not {action}",
    where="{url}",
    why="the server answered 403 to user {username}: {reason}",
    fix="ask the Nexus administrator for the privileges {privileges} on this repository",
    explanation="The repository answered 403 (forbidden): the user lacks a privilege.",
)
NOT_ALLOWED_BY_NEXUS = Entry(
    code="E237",
    title="this user may not {action}",
    where="{url}",
    why="Nexus answered 403 to user {username}",
    fix="use an administrator's RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD,\n"
    "or ask the Nexus administrator to run this",
    explanation="The REST API of Nexus answered 403 (forbidden).",
)
MISSING_ADMIN_CREDENTIALS = Entry(
    code="E238",
    title="no password for the administration of Nexus",
    where="{url}, user {username}",
    why="not in RELEASEKIT_ADMIN_PASSWORD, not in the keyring",
    fix="set RELEASEKIT_ADMIN_PASSWORD (and RELEASEKIT_ADMIN_USERNAME, if it is not admin),\n"
    "or keep it: keyring set {url} {username}",
    explanation="A command for administrators, and nothing gives a password.",
)
MISSING_PUBLISHER_PASSWORD = Entry(
    code="E239",
    title="no password for the new user {username}",
    where="{url}",
    why="without a terminal nobody sees a generated one, or a log keeps it",
    fix="set RELEASEKIT_PUBLISHER_PASSWORD (in CI: masked, protected), or run this on a terminal",
    explanation="The publisher is to be created, and nobody would see a generated password.",
)
BAD_CERTIFICATE_FILE = Entry(
    code="E240",
    title="{key} cannot be used",
    where="{path}",
    why="{reason}",
    fix="{fix}",
    explanation="`ca-bundle` or `client-cert` cannot be loaded.",
)
UNTRUSTED_CERTIFICATE = Entry(
    code="E241",
    title="the server's certificate is not trusted",
    where="{url}",
    why="{reason}",
    fix="set ca-bundle (or RELEASEKIT_CA_BUNDLE) to the PEM file of your company's CA",
    explanation="The server's certificate comes from a CA that this machine does not know.",
)
CLIENT_CERTIFICATE_REFUSED = Entry(
    code="E242",
    title="the server does not accept this client",
    where="{url}",
    why="{reason}",
    fix="{fix}",
    explanation="The server asks for a client certificate, and got none or another one.",
)
BUILD_WITH_CREDENTIALS = Entry(
    code="E243",
    title="{subject}: not built, because a build requirement is never built beside credentials",
    where="{root}; requirements come from {index}",
    why="{reason};\na build runs foreign code, and uv has credentials here ({source})",
    fix="{fix}",
    explanation="A build requirement exists only as an sdist, and the call of uv that would build "
    "it has credentials.",
)
CERTIFICATE_NOT_YET_VALID = Entry(
    code="E244",
    title="the server's certificate is not trusted",
    where="{url}",
    why="{reason}",
    fix="compare this machine's clock with the server's; or its certificate is too new",
    explanation="The server's certificate is not valid yet.",
)
CERTIFICATE_EXPIRED = Entry(
    code="E245",
    title="the server's certificate is not trusted",
    where="{url}",
    why="{reason}",
    fix="ask the administrator of that server to renew its certificate",
    explanation="The server's certificate has expired.",
)
CERTIFICATE_OF_ANOTHER_NAME = Entry(
    code="E246",
    title="the server's certificate is not trusted",
    where="{url}",
    why="{reason}",
    fix="use the host name in `url` that the certificate was issued for",
    explanation="The server's certificate was issued for another name or address.",
)
PROXY_NEEDS_LOGIN = Entry(
    code="E247",
    title="the proxy cannot be used",
    where="{url}",
    why="{reason}",
    fix="{fix}, or go past the proxy: NO_PROXY={host}",
    explanation="The proxy asks for a login (407), or does not accept the one it got.",
)
INVALID_PROXY = Entry(
    code="E248",
    title="the proxy cannot be used",
    where="{url}",
    why="{reason}",
    fix="check HTTPS_PROXY (HTTP_PROXY, ALL_PROXY), or go past it: NO_PROXY={host}",
    explanation="The variable that names the proxy has no address that can be used, or what is "
    "there has no trusted certificate, or does not connect to this server (400 to 499).",
)
PROXY_NEEDS_SOCKS = Entry(
    code="E249",
    title="the proxy cannot be used",
    where="{url}",
    why="{reason}",
    fix="pip install PySocks beside releasekit; or check HTTPS_PROXY (HTTP_PROXY, ALL_PROXY), or "
    "go\npast it: NO_PROXY={host}",
    explanation="The proxy is a SOCKS proxy, and the library for it is not installed.",
)
WRONG_CREDENTIALS_OR_RIGHTS = Entry(
    code="E250",
    title="the user name or the password is wrong",
    where="{url}",
    why="the server answered 403 to user {username}, whose credentials came from {source}{hint}",
    fix="check {source}; a user whom it does not let upload gets 403 as well",
    explanation="A server like pypiserver answered 403 (forbidden) to an upload.",
)
REDIRECTED_LOGIN = Entry(
    code="E251",
    title="the server redirects to another one, which asks for a login",
    where="{url}",
    why="it redirects to {place}, which answered {answer};\n"
    "credentials are not sent to another server than the one that is configured",
    fix="if that is the repository's new address, configure it; if it is a login page, ask its\n"
    "administrator to let programs pass",
    explanation="A redirect leads to another host, port or scheme, and what is there answered 401 "
    "or 403.",
)
READ_ONLY_REPOSITORY = Entry(
    code="E252",
    title="this repository takes no uploads",
    where="{url}",
    why="it answered {answer}",
    fix="its deployment policy is Read-only: configure another hosted repository, or ask the\n"
    "Nexus administrator to set it to Disable redeploy",
    explanation="The deployment policy of the repository forbids uploads to everybody.",
)
LICENSE_LIMIT = Entry(
    code="E253",
    title="a limit of the server's license is reached",
    where="{url}",
    why="it answered {answer}",
    fix="ask its administrator: a Community Edition of Nexus has a limit of components and of\n"
    "requests per day; then run this again: it is safe",
    explanation="The server answered 402 (payment required).",
)
SIMPLE_ADDRESS = Entry(
    code="E254",
    title="this is the address of an index, and that of a repository is needed",
    where="{place}",
    why="{url} ends in /simple/, where the pages for pip are",
    fix="leave /simple/ out: {suggestion}",
    explanation="The address in a section of .pypirc ends in /simple/. Uploads go to the "
    "repository itself.",
)
KEYRING_SILENT = Entry(
    code="E255",
    title="the keyring does not answer",
    where="the keyring's entry for {url}",
    why="it was asked for the login, and said nothing for {seconds:g} s:\n"
    "it may be locked, and show its dialog where nobody sees it",
    fix="unlock it, then run this again; or do without it: set {variables}\n"
    "(PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring turns it off)",
    explanation="A password was looked for in the keyring, and the keyring did not answer.",
)
UNREADABLE_PYPIRC = Entry(
    code="E256",
    title=".pypirc cannot be read",
    where="{path}",
    why="{reason}",
    fix="correct that file; twine reads the same one, and fails at the same place",
    explanation="-r names a section of .pypirc, and the file is missing, or is no settings file.",
)
UV_REFUSES_CERTIFICATE = Entry(
    code="E257",
    title="uv does not accept the server's certificate",
    where="{url}",
    why="uv says: {reason}",
    fix="{fix}",
    explanation="Python accepts the server's certificate, and uv, which checks more, does not: for "
    "example a certificate of a CA (CA:TRUE) that is used as that of a server.",
)
