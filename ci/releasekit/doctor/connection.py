"""The rows of the way there: address, TLS, clock, encryption."""

from __future__ import annotations

from datetime import datetime, timedelta

from releasekit.doctor.facts import Handshake, Reach
from releasekit.doctor.model import ADDRESS, CLOCK, ENCRYPTION, TLS, Row
from releasekit.plural import plural
from releasekit.tls.certificates import Certificate

SOON = timedelta(days=14)
SKEW = timedelta(seconds=60)
"""Dates of this granularity stand in headers, logs and tokens; NTP keeps machines within less."""
UNKNOWN_ISSUER = (2, 18, 19, 20, 21)
"""OpenSSL's codes for a chain that ends at no trusted certificate (x509_vfy.h)."""


def judge_address(reach: Reach) -> Row:
    """Tell whether something takes connections there."""
    place = f"{reach.host}:{reach.port}"
    asked = f"{place} through the proxy {reach.proxy}" if reach.proxy else place
    if reach.problem is None:
        return ADDRESS.ok(f"{asked} takes connections")
    if reach.proxy:
        fix = f"see that the proxy runs, or go past it: NO_PROXY={reach.host}"
    elif "resolved" in reach.problem:
        fix = (
            "check url for a typo; a name of the company's network may need its VPN or HTTPS_PROXY"
        )
    elif "time" in reach.problem:
        fix = f"have the firewall let this machine reach {place}, or name the proxy in HTTPS_PROXY"
    else:
        fix = "see that Nexus runs there, and that url has the right port"
    return ADDRESS.failed(f"{asked}: {reach.problem}", fix)


def judge_tls(handshake: Handshake | None, now: datetime) -> Row:
    """Tell whether the server proves who it is; None where the address is http."""
    if handshake is None:
        return TLS.unknown(
            "there is no certificate: the address is http", fix="see encryption, below"
        )
    lines = tuple(map(render_certificate, handshake.chain))
    if handshake.problem is not None:
        return TLS.failed(handshake.problem, _find_fix(handshake), lines)
    leaf = handshake.chain[0] if handshake.chain else None
    if leaf is None:
        return TLS.ok(f"trusted ({handshake.protocol})")
    anchor = f", trusted by {handshake.anchor}" if handshake.anchor else ""
    text = f"{leaf.name}{anchor} ({handshake.protocol}), until {leaf.not_after:%Y-%m-%d}"
    first = min(handshake.chain, key=lambda certificate: certificate.not_after)
    if first.not_after - now < SOON:
        return judge_expiry(first.name, first.not_after, now, lines)
    return TLS.ok(text, lines)


def judge_expiry(name: str, end: datetime, now: datetime, lines: tuple[str, ...] = ()) -> Row:
    """Tell whether a certificate that is valid ends soon."""
    text = f"{name} expires in {plural((end - now).days, 'day')}, on {end:%Y-%m-%d}"
    if end - now < SOON:
        return TLS.warning(text, "ask the administrator of that server to renew it", lines)
    return TLS.ok(text, lines)


def render_certificate(certificate: Certificate) -> str:
    """Return a certificate in one line."""
    return (
        f"{certificate.subject}; issued by {certificate.issuer}; "
        f"until {certificate.not_after:%Y-%m-%d}; SHA-256 {certificate.sha256}"
    )


def _find_fix(handshake: Handshake) -> str:
    if handshake.code not in UNKNOWN_ISSUER or not handshake.chain:
        return handshake.fix
    last = handshake.chain[-1]
    setting = 'and set ca-bundle = "FILE.pem" in [tool.releasekit] (or RELEASEKIT_CA_BUNDLE)'
    if last.is_self_issued:
        return (
            f"get the certificate of {last.name} from who runs that CA, compare its SHA-256 with "
            f"the last one above, {setting}"
        )
    return (
        f"save the certificate of {last.issuer}, which the server does not send, as PEM {setting}"
    )


def judge_clock(date: datetime | None, now: datetime | None) -> Row:
    """Tell whether the server and this machine agreed on the time, at one moment."""
    if date is None or now is None:
        return CLOCK.unknown("its answers carry no date", ask="the administrator of that server")
    skew = date - now
    if abs(skew) <= SKEW:
        return CLOCK.ok(f"the server's is within {SKEW.seconds} s of this machine's")
    side = "ahead of" if skew > timedelta() else "behind"
    return CLOCK.warning(
        f"the server's is {render_duration(abs(skew))} {side} this machine's",
        "set the one that is wrong, by NTP: certificates, tokens and logs go by it",
    )


def render_duration(duration: timedelta) -> str:
    """Return a duration in its two largest units."""
    seconds = int(duration.total_seconds())
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts = []
    for unit, size in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def judge_encryption(url: str, *, loopback: bool) -> Row:
    """Tell whether a password could be read on its way."""
    if url.startswith("https://"):
        return ENCRYPTION.ok("the address is https")
    if loopback:
        return ENCRYPTION.ok("the address is plain http, and on this machine alone")
    return ENCRYPTION.failed(
        f"{url} is plain http: the password travels in clear",
        "have Nexus, or a front server, speak TLS, and write https:// into url",
    )
