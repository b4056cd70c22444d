"""How uv 0.13 is started, with deadlines and a limit of memory, and why it failed, by its output.

It checks certificates with rustls-webpki, which for example refuses the certificate of a CA as that
of a server (RFC 5280, section 4.2.1.9); OpenSSL accepts it.
"""

import contextlib
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from releasekit.errors import ReleasekitError, access, failed, setup, usage
from releasekit.index.layouts import simple_url
from releasekit.model.access import refused_login
from releasekit.process import Finished, Log, capture, refuse_ended, run
from releasekit.redact import hide_credentials
from releasekit.tls.trust import open_trust
from releasekit.uv.call import UvCall
from releasekit.uv.indexes import BuildIndex, clean_environ

MEMORY = 320 << 20
"""Bytes while uv asks an index: uv 0.13 holds a page that unpacks to 2 GB whole. Resolving some
hundred packages took 117 MB of them, installing a hundred 99 MB."""
IDLE = 60.0  # seconds: uv 0.13 waits for ever for threads that a limit of memory keeps away

# Where uv 0.13 logs its requests (`RUST_LOG`): compared with what a server got, for logins that it
# looks up after a refusal, redirects, parts of files, failures and repetitions.
LOGGED = "uv_client::cached_client=trace,uv_auth::middleware=trace,reqwest_retry=warn"
LOG_LINE = re.compile(r"(?:TRACE|DEBUG|INFO|WARN) ")
REQUEST_LINES = (
    r"(?:Handling|Retrying) request for ",  # it is sent
    r"Retry attempt #|Retrying request for ",  # it comes after one that failed
    r"Sending \w+ (?:\w+ )?request for: ",  # it begins
    r"Received response for \w+ request with status [123]",
)

Count = Callable[[int, int], None]
"""Gets how many requests were sent, and how many of them failed."""

# How variables begin that change uv's log, or where it looks for files.
NOT_OURS = ("UV_LOG_CONTEXT", "UV_PROJECT", "UV_WORKING_DIR")
FINAL = re.compile(
    r"Failed to parse entry|TOML parse error|The build backend returned an error"
    r"|couldn't find remote ref"
)
"""What uv 0.13 says where the same call fails again. "No solution" is not of them: a group whose
proxy is down looks as if nobody had the project (docs/nexus-behaviour.md, Remote failures)."""
MEANINGS = {
    "CaUsedAsEndEntity": "it is the certificate of a CA (CA:TRUE), used as that of a server",
    "EndEntityUsedAsCa": "a certificate of a server (CA:FALSE) is used as that of a CA",
    "UnsupportedCertVersion": "it is no X.509 version 3",
    "UnknownIssuer": "its issuer is not among the certificates that uv is given",
    "NotValidForName": "it is for another name",
}


def run_uv(
    arguments: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    log: Log | None = None,
    stdin: str = "",
    seconds: float | None = None,
    offline: bool = False,
    count: Count | None = None,
) -> Finished:
    """Run uv to its end, whatever its status; see `process.run`.

    Offline it may take long, as long as it works. An answer that takes more memory than the limit
    is a failure like others. `count` gets its requests, whose log is no part of the output. Raises
    MissingProgram and PROGRAM_KILLED.
    """
    import uv  # a refusal does not wait for it

    logs = {"RUST_LOG": LOGGED} if count else {}
    kept = {name: value for name, value in environ.items() if not name.startswith(NOT_OURS)}
    logged: list[str] = []

    def listen(line: str) -> None:
        if LOG_LINE.match(line):
            logged.append(line)
        elif log:
            log(line)

    finished = run(
        (uv.find_uv_bin(), *arguments),
        cwd=cwd,
        environ={**kept, **logs, "UV_NO_PROGRESS": "1", "NO_COLOR": "1"},
        log=listen,
        stdin=stdin,
        seconds=seconds,
        idle=IDLE if offline else None,
        memory=None if offline else MEMORY,
        foreign=True,
    )
    if count:
        text = "\n".join(logged)
        sent, repeated, begun, answered = (len(re.findall(p, text)) for p in REQUEST_LINES)
        count(sent, repeated + begun - answered)
    lines = finished.output.splitlines(keepends=True)
    output = "".join(line for line in lines if not LOG_LINE.match(line))
    if finished.timed_out and offline:
        said = f"uv did nothing for {IDLE:g} s, and was stopped"
    elif finished.timed_out:
        said = f"uv was not done after {seconds:g} s, and was stopped"
    elif finished.outgrown:
        said = f"uv needs more than {MEMORY >> 20} MB of memory for what the index sends"
    else:
        return refuse_ended(replace(finished, output=output), cwd)
    return replace(finished, status=2, output=f"{output.rstrip()}\n{said}\n".lstrip())


def find_python(version: str, environ: Mapping[str, str]) -> str:
    """Return the path of a Python of this version, as "3.10"; "" if this machine has none.

    None is downloaded: uv finds those on PATH, and those that it installed itself before.
    """
    import uv

    options = ("--no-python-downloads", "--offline", "--no-config", "--no-project", "--system")
    command = (uv.find_uv_bin(), "python", "find", *options, version)
    found = capture(command, cwd=Path("/"), environ=environ)
    return "" if found.status else found.output.strip()


def refuse_failed(call: UvCall, output: str, timeout: float) -> None:
    """Raise what a failed call of uv is, if that is known.

    BUILD_WITH_CREDENTIALS where it may not build; CREDENTIALS_NEEDED and WrongCredentials where the
    group does not let it in; NO_UPLOAD_TIMES; what `refuse_met` raises.
    """
    refuse_met(hide_credentials(output), call.index, call.environ, timeout)
    for line in output.splitlines():
        if call.group and call.group.url in line:
            refuse_wrong_login(line, call.group)
    found = re.search(r"`([^`\s]+)` was filtered by `(exclude-newer(?:-package)?)`", output)
    if found and "is missing an upload date" in output:  # the index does not say what is how old
        name, setting = found.groups()
        fix = "export UV_EXCLUDE_NEWER=false   (in CI: a variable), then run this again"
        if setting == "exclude-newer-package":  # no variable of uv 0.13 beats this one
            fix = f"remove {name} from {setting}, or write there: {name} = false"
        raise ReleasekitError(
            setup.NO_UPLOAD_TIMES, names=name, setting=f"`{setting}`", index=call.index, fix=fix
        )
    if call.source and (names := find_unbuilt_names(output)):
        raise call.refusal(
            ", ".join(names),
            "the index has no wheel of it for this Python and machine, only an sdist",
            f"put a wheel of it on that index (`python -m pip wheel --no-deps {names[0]}` makes "
            "it: run that\nwithout credentials), or name a version that has one in the file of "
            "build-constraints",
        )


def refuse_wrong_login(said: str, index: BuildIndex) -> None:
    """Raise CREDENTIALS_NEEDED or WrongCredentials if uv says that the index did not let it in."""
    match = re.search(r"\((401 Unauthorized|403 Forbidden)\)", said)
    if match and (not index.credentials.username or match[1].startswith("401")):
        raise refused_login(index.url, index.credentials, match[1])


def find_unbuilt_names(output: str) -> tuple[str, ...]:
    """Return the packages that uv would have had to build, by what it says of --no-build."""
    unbuilt = (
        r"Wheels are required for `([^`]+)`|Building source distributions for `([^`]+)` is disabled"
    )
    return tuple(dict.fromkeys(first or other for first, other in re.findall(unbuilt, output)))


def refuse_met(said: str, index: str, environ: Mapping[str, str], timeout: float) -> None:
    """Raise what uv met before an index answered as one, whatever it was called for.

    INVALID_UV_SETTING, UV_REFUSES_CERTIFICATE, what a proxy is, and LICENSE_LIMIT.
    """
    # An option, which a setting became, or a variable.
    unread = r"(?m)^error: (invalid value '.*|Failed to parse environment variable .*)"
    if invalid := re.search(unread, said):
        raise ReleasekitError(usage.INVALID_UV_SETTING, reason=invalid[1])
    if objection := _describe_objection(said):
        address, fix = re.search(r"https://[^\s`'\")]+", said), find_certificate_fix(objection)
        url = address[0] if address else index
        raise ReleasekitError(access.UV_REFUSES_CERTIFICATE, url=url, reason=objection, fix=fix)
    # It had no answer, or over http that of a proxy.
    no_answer = r"(?:error sending request|\(407 .*\)) for url \((https?://[^\s)]+)\)"
    if not_sent := re.search(no_answer, said):
        _refuse_proxy(said, not_sent[1], environ, timeout)
    if met := re.search(r"\((402 .*)\) for url \((https?://[^\s)]+)\)", said):
        raise ReleasekitError(access.LICENSE_LIMIT, url=met[2], answer=met[1])


def _refuse_proxy(said: str, url: str, environ: Mapping[str, str], timeout: float) -> None:
    """Raise what is wrong with the proxy, if that is why uv had no answer.

    uv names no proxy, nor what it asks for (0.13). Our own client asks the same address through the
    same proxy, without credentials.
    """
    from releasekit.http.client import Client  # takes long, and a call seldom fails
    from releasekit.http.failures import fail, refuse_login

    client = Client(trust=open_trust(environ, None, None), environ=environ, timeout=timeout)
    proxy = client.find_proxy(url)
    with contextlib.closing(client):
        try:
            if proxy:
                client.get(url, leave_rest=True, follows_elsewhere=False, attempts=1)
        except ReleasekitError as error:
            if error.entry in (
                access.PROXY_NEEDS_LOGIN,
                access.INVALID_PROXY,
                failed.PROXY_REFUSED,
                failed.PROXY_UNREACHABLE,
            ):
                raise
    if re.search(r"proxy authorization required|\(407 ", said):
        raise refuse_login(url, proxy, "407")
    tunnel = r"(?m)^ *cause: .*(?:tunnel error|\bsocks\b).*(?:\n *cause: .*)*"
    if proxy and (met := re.search(tunnel, said)):  # as of SOCKS, where PySocks is not installed
        reason = ": ".join(line.strip().removeprefix("cause: ") for line in met[0].splitlines())
        raise fail(failed.PROXY_REFUSED, url, reason, proxy)


def _describe_objection(output: str) -> str:
    if not (found := re.search(r"invalid peer certificate: (.*)", output)):
        return ""
    said = found[1].strip()
    meaning = next((text for word, text in MEANINGS.items() if word in said), "")
    return f"{meaning} ({said})" if meaning else said


def find_certificate_fix(objection: str) -> str:
    """Return what changes an objection of uv to a certificate."""
    if "UnknownIssuer" in objection:
        return "set ca-bundle (or RELEASEKIT_CA_BUNDLE) to the PEM file of the CA that issued it"
    return (
        "have its administrator install a certificate for a server (CA:FALSE, X.509 version 3,\n"
        "with the host in subjectAltName), and set ca-bundle to the CA that issued it"
    )


def is_unlike_a_server(certificate: bytes) -> bool:
    """Tell whether a certificate, in DER, is of the kinds that OpenSSL accepts and uv does not.

    Those of CAs, and of X.509 before version 3; `doctor` asks uv about all others too.
    """
    # basicConstraints with CA:TRUE (RFC 5280, 4.2.1.9); to parse DER takes longer than to ask uv.
    of_ca = rb"(?s)\x06\x03\x55\x1d\x13(?:\x01\x01\xff)?\x04.\x30.\x01\x01\xff"
    is_old = bool(certificate) and b"\xa0\x03\x02\x01\x02" not in certificate[:32]
    return is_old or bool(re.search(of_ca, certificate))


def ask_for_objection(url: str, environ: Mapping[str, str], *, timeout: float, count: Count) -> str:
    """Let uv make a TLS connection to a repository; return what it objects to, "" for nothing.

    It asks for the page of a project that does not exist, without credentials. All other failures
    are those of a server that our own client asks too.
    """
    options = ("--no-config", "--no-build", "--no-progress", "--no-python-downloads")
    kept = {name: environ[name] for name in ("UV_CACHE_DIR",) if name in environ}
    variables = {
        "UV_DEFAULT_INDEX": simple_url(url),
        "UV_HTTP_TIMEOUT": f"{max(1, round(timeout))}",
        "UV_HTTP_RETRIES": "0",
        "NETRC": os.devnull,
    }
    with contextlib.suppress(ReleasekitError, OSError):
        finished = run_uv(
            ("pip", "compile", *options, "--python", sys.executable, "-"),
            cwd=Path("/"),
            environ={**clean_environ(environ), **kept, **variables},
            stdin="releasekit-certificate\n",
            seconds=2 * timeout,
            count=count,
        )
        return _describe_objection(finished.output)
    return ""
