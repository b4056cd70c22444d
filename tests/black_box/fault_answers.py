"""What can go wrong with an answer: one function per fault.

Those that start from the true answer pass the request on, so that an upload among them is stored;
the others are answered by the proxy alone.
"""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Callable
from dataclasses import replace

from black_box.fault_proxy import Answer, Exchange, Fault, Gone

FLOOD = 608 << 20
"""Bytes after which an endless answer goes on slowly: enough to see who keeps it in memory."""
BLOCK = 1 << 20
SLOW = 0.5
"""Seconds between two bytes of an answer that drips."""
MANY = "9" * 5000
HTML = (("Content-Type", "text/html"),)
LOGIN = b"<html><head><title>Sign in</title></head><body><a href='/login'>Sign in</a></body></html>"
REASONS = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests"}
REASONS |= {500: "Server Error", 503: "Service Unavailable"}


def refuse(exchange: Exchange) -> None:
    exchange.proxy.refuse_connections()
    exchange.reset()


def reset_before(exchange: Exchange) -> None:
    exchange.reset()


def reset_middle(exchange: Exchange) -> None:
    """Reset in the middle of an upload's body, or of a download's."""
    if exchange.head.method == "POST":
        exchange.read(exchange.head.length // 2)
    else:
        _send_half(exchange)
    exchange.reset()


def reset_after(exchange: Exchange) -> None:
    """Reset when all of an upload has come (it is not stored), or all of a download was sent."""
    exchange.read(exchange.head.length)
    if exchange.head.method != "POST":
        exchange.send(exchange.forward())
    exchange.reset()


def stall_before(exchange: Exchange) -> None:
    exchange.read(exchange.head.length)
    exchange.wait()


def stall_middle(exchange: Exchange) -> None:
    if exchange.head.method == "POST":
        exchange.read(exchange.head.length // 2)
    else:
        _send_half(exchange)
    exchange.wait()


def drip_headers(exchange: Exchange) -> None:
    exchange.read(exchange.head.length)
    exchange.connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _drip(exchange, b"x")


def drip_body(exchange: Exchange) -> None:
    exchange.read(exchange.head.length)
    exchange.send(Answer(headers=HTML, body=b"<html>"), "1000000")
    _drip(exchange, b" ")


def _drip(exchange: Exchange, content: bytes) -> None:
    while not exchange.wait(SLOW):
        exchange.connection.sendall(content)


def truncate(exchange: Exchange) -> None:
    _send_half(exchange)
    raise Gone


def truncate_chunked(exchange: Exchange) -> None:
    answer = _with_body(exchange.forward())
    half = b"%x\r\n" % len(answer.body) + answer.body[: len(answer.body) // 2]
    headers = (*answer.headers, ("Transfer-Encoding", "chunked"))
    exchange.send(replace(answer, headers=headers, body=half), "")
    raise Gone


def _send_half(exchange: Exchange) -> None:
    answer = _with_body(exchange.forward())
    half = answer.body[: len(answer.body) // 2]
    exchange.send(replace(answer, body=half), str(len(answer.body)))


def _with_body(answer: Answer) -> Answer:
    """Return an answer that has something to cut: that to an upload is empty."""
    return answer if answer.body else replace(answer, body=b"<html></html>\n" * 20)


def claim_more(exchange: Exchange) -> None:
    """Say a length that never comes, and keep the connection."""
    answer = exchange.forward()
    exchange.send(answer, str(len(answer.body) + 1000))
    exchange.wait()


def claim_less(exchange: Exchange) -> None:
    """Say a length that leaves the end of the body in the way of the next answer."""
    answer = _with_body(exchange.forward())
    exchange.send(answer, str(max(0, len(answer.body) - 40)))


def claim(length: str) -> Fault:
    """Say a length that is none."""

    def send(exchange: Exchange) -> None:
        exchange.send(exchange.forward(), length)
        raise Gone

    return send


def flood_headers(exchange: Exchange) -> None:
    exchange.read(exchange.head.length)
    exchange.connection.sendall(b"HTTP/1.1 200 OK\r\n")
    _flood(exchange, b"X-More: " + b"x" * 60000 + b"\r\n")


def flood_body(exchange: Exchange) -> None:
    """Send a body whose length is only told by its end, which never comes."""
    exchange.read(exchange.head.length)
    exchange.send(Answer(headers=(*HTML, ("Connection", "close"))), "")
    _flood(exchange, b" " * BLOCK)


def flood_chunks(exchange: Exchange) -> None:
    exchange.read(exchange.head.length)
    exchange.send(Answer(headers=(*HTML, ("Transfer-Encoding", "chunked"))), "")
    _flood(exchange, b"%x\r\n" % BLOCK + b" " * BLOCK + b"\r\n")


def _flood(exchange: Exchange, content: bytes) -> None:
    for _ in range(FLOOD // len(content)):
        exchange.connection.sendall(content)
    _drip(exchange, content)


def send_bomb(exchange: Exchange) -> None:
    exchange.read(exchange.head.length)
    headers = (*HTML, ("Content-Encoding", "gzip"))
    exchange.send(Answer(headers=headers, body=_make_bomb()))


@functools.cache
def _make_bomb() -> bytes:
    """Return one gzip member of FLOOD zeros, made of equal blocks (RFC 1952)."""
    zeros = bytes(16 << 20)
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    times = FLOOD // len(zeros)
    check = functools.reduce(lambda crc, _: zlib.crc32(zeros, crc), range(times), 0)
    end = check.to_bytes(4, "little") + (times * len(zeros)).to_bytes(4, "little")
    return b"\x1f\x8b\x08\0\0\0\0\0\x02\xff" + block * times + packer.flush() + end


def send_login(exchange: Exchange) -> None:
    exchange.read(exchange.head.length)
    exchange.send(Answer(headers=HTML, body=LOGIN))


def send_empty(exchange: Exchange) -> None:
    """Send an index page without links; of a file, nothing."""
    exchange.read(exchange.head.length)
    name = exchange.head.path.rstrip("/").rpartition("/")[2]
    title = "Simple Index" if name == "simple" else f"Links for {name}"
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    body = page.encode() if "/simple/" in exchange.head.path else b""
    exchange.send(Answer(headers=HTML, body=body))


def status(number: int) -> Fault:
    """Answer with an error; of those that say when to come again, in an hour."""

    def send(exchange: Exchange) -> None:
        exchange.read(exchange.head.length)
        headers = [*HTML]
        if number == 401:
            headers.append(("WWW-Authenticate", 'Basic realm="index"'))
        if number in (429, 503):
            headers.append(("Retry-After", "3600"))
        page = f"<html><title>{number}</title></html>".encode()
        answer = Answer(status=number, reason=REASONS[number], headers=tuple(headers), body=page)
        exchange.send(answer)

    return send


def redirect(place: str) -> Fault:
    """Redirect to the same address, or to the same path in another place."""

    def send(exchange: Exchange) -> None:
        exchange.read(exchange.head.length)
        proxy = exchange.proxy
        to = (proxy.url if place == "here" else proxy.url_of(place)) + exchange.head.path
        exchange.send(Answer(status=302, reason="Found", headers=(("Location", to),)))

    return send


def send_garbage(exchange: Exchange) -> None:
    exchange.read(exchange.head.length)
    exchange.connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\x00\xff\x1b[31m\r\n\r\n")
    raise Gone


def send_digits(exchange: Exchange) -> None:
    """Send numbers of 5,000 digits, more than Python reads."""
    answer = exchange.forward()
    names = ("date", "server", "retry-after", "last-modified")
    kept = tuple(header for header in answer.headers if header[0].lower() not in names)
    absurd = (("Date", MANY), ("Server", f"Nexus/{MANY}.30.0-01 (OSS)"), ("Retry-After", MANY))
    exchange.send(replace(answer, headers=(*kept, *absurd, ("Last-Modified", MANY))))


def send_controls(exchange: Exchange) -> None:
    """Send what a terminal would obey."""
    exchange.read(exchange.head.length)
    reason = "\x1b[2J\x1b]0;owned\x07\x9b31mhello\x08"
    headers = (("Server", f"Nexus/3.30.0-01 {reason}"), ("Content-Type", f"text/html{reason}"))
    page = f"<html><title>{reason}</title></html>".encode("latin-1")
    exchange.send(Answer(status=500, reason=reason, headers=headers, body=page))


def send_many_headers(exchange: Exchange) -> None:
    answer = exchange.forward()
    many = tuple((f"X-{number}", "x") for number in range(1000))
    exchange.send(replace(answer, headers=(*answer.headers, *many)))


def lose(fault: Fault) -> Fault:
    """Store an upload, and lose the answer."""

    def send(exchange: Exchange) -> None:
        assert exchange.forward().status in (200, 400)  # 400: an attempt before this stored it
        fault(exchange)

    return send


def change_bytes(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.send(replace(answer, body=answer.body[:-3] + b"xyz" if answer.body else b""))


def change_hash(hashed: bytes) -> Fault:
    """Say another hash in all links of a page."""

    def send(exchange: Exchange) -> None:
        answer = exchange.forward()
        exchange.send(replace(answer, body=re.sub(rb"#(md5|sha256)=\w+", hashed, answer.body)))

    return send


def _named(**functions: Fault) -> dict[str, Fault]:
    return {name.strip("_").replace("_", "-"): fault for name, fault in functions.items()}


FAULTS: dict[str, Callable[[Exchange], None]] = _named(
    refused=refuse,
    reset_before=reset_before,
    reset_middle=reset_middle,
    reset_after=reset_after,
    stall_before=stall_before,
    stall_middle=stall_middle,
    drip_headers=drip_headers,
    drip_body=drip_body,
    truncated=truncate,
    truncated_chunk=truncate_chunked,
    length_more=claim_more,
    length_less=claim_less,
    length_text=claim("banana"),
    length_digits=claim(MANY),
    endless_header=flood_headers,
    endless_body=flood_body,
    endless_chunks=flood_chunks,
    gzip_bomb=send_bomb,
    html_200=send_login,
    empty=send_empty,
    _401=status(401),
    _403=status(403),
    _404=status(404),
    _429=status(429),
    _500=status(500),
    _503=status(503),
    redirect_loop=redirect("here"),
    redirect_http=redirect("plain http"),
    redirect_host=redirect("another host"),
    garbage=send_garbage,
    header_digits=send_digits,
    header_controls=send_controls,
    header_many=send_many_headers,
    stored_reset=lose(reset_before),
    stored_500=lose(status(500)),
    stored_stall=lose(stall_before),
    other_bytes=change_bytes,
    other_md5=change_hash(b"#md5=" + b"0" * 32),
    other_sha256=change_hash(b"#sha256=" + b"0" * 64),
    no_hash=change_hash(b""),
)
