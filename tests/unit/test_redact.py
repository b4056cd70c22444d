"""The filter for all that is printed or written."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import shlex
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from releasekit.redact import (
    CONTROLS,
    Redactor,
    escape_json,
    find_secrets,
    hide_credentials,
    printable,
)

HIDDEN = {
    "https://bob:secret@host/simple": "https://host/simple",
    "https://bob:se/cret@host/simple": "https://host/simple",
    "https://bob:/secret@host/simple": "https://host/simple",
    "https://bob:se//cr/et@nexus.example.com:8443/simple": "https://nexus.example.com:8443/simple",
    "https://bob:1/2345678@host/simple": "https://host/simple",
    "https://bob:1/2345678@nexus.example.com": "https://nexus.example.com",
    "https://first.last:1/234@nexus.example.com/simple": "https://nexus.example.com/simple",
    "https://bob:se@cret@host/simple": "https://host/simple",
    "https://bob:p@ss/word@host/simple": "https://host/simple",
    "https://bob:p@ss/word@127.0.0.1:8081/simple": "https://127.0.0.1:8081/simple",
    "https://bob:p@ss/w@rd@[::1]:8081/simple": "https://[::1]:8081/simple",
    "https://bob:se#cret@host/simple": "https://host/simple",
    "https://bob:se?cret@host/simple": "https://host/simple",
    "https://bob:se:cret@host:8443/simple": "https://host:8443/simple",
    "https://bob:se%2Fcr%20et@host/simple": "https://host/simple",
    "https://bob:se\"c'r`et@host/simple": "https://host/simple",
    "https://bob:se,c;r(e)t@host/simple": "https://host/simple",
    "https://bob:se\\cret@host/simple": "https://host/simple",
    "https://bob:@host/simple": "https://host/simple",
    "https://:secret@host/simple": "https://host/simple",
    "https://bob@host/simple": "https://host/simple",
    "https://glpat-TOKEN@host/simple": "https://host/simple",
    "https://to/ken@nexus.example.com/simple": "https://nexus.example.com/simple",
    "https://bob@example.com:secret@host/simple": "https://host/simple",
    "https://bob:secret@host": "https://host",
    "https://bob:se/cret@host": "https://host",
    "https://bob:se/cret@host:8443": "https://host:8443",
    "https://bob:pw@ÄÖ.example.com/x": "https://ÄÖ.example.com/x",
    "HTTPS://bob:secret@host/": "HTTPS://host/",
    "socks5h://bob:secret@proxy:1080": "socks5h://proxy:1080",
    "UV_INDEX=corp=https://bob:se/cret@host/simple": "UV_INDEX=corp=https://host/simple",
    "a=https://b:c/d@h/ e=https://f:g@h/i@1.0": "a=https://h/ e=https://h/i@1.0",
    "https://a:b/c@h/x,https://d:e@f/y": "https://h/x,https://f/y",
    '["https://a:b/c@h/x","https://d:e@f/y"]': '["https://h/x","https://f/y"]',
    r"'https://a:b@h/x\nhttps://c:d@i/y'": r"'https://h/x\nhttps://i/y'",
    '{"url":"https://a:b@host","mail":"me@example.com"}': (
        '{"url":"https://host","mail":"me@example.com"}'
    ),
    '"https://bob:se",cret@host/x"': '"https://host/x"',
    "git+https://user:pw@host/x@v1.0": "git+https://host/x@v1.0",
    "git+https://user:p/w@host/x@v1.0#egg=x": "git+https://host/x@v1.0#egg=x",
    "git+https://user:pw@host/x@main": "git+https://host/x@main",
    "git+ssh://git:secret@host/x@v1": "git+ssh://host/x@v1",
    "pkg @ https://user:pw@host/a@b.whl": "pkg @ https://host/a@b.whl",
    "pkg @ https://user:pw@host/a@1.0/b.whl": "pkg @ https://host/a@1.0/b.whl",
    "401: https://bob:se/cret@host/simple/: no": "401: https://host/simple/: no",
    "https://bob:s@/cret@10.0.0.1:8081": "https://10.0.0.1:8081",
    '"https://bob:se",;cret@host/x"': '"https://host/x"',
    "(https://bob:se),cret@host/x)": "(https://host/x)",
    "see (https://bob:secret@host).": "see (https://host).",
}
"""Texts with credentials, and without them."""
HONEST = (
    "https://host:8443/x@v1",
    "https://host/x@v1",
    "https://nexus.example.com:8443/x@v1/y",
    "https://localhost:8443/a@b/c",
    "https://[::1]:8443/a@b/c",
    "pkg @ https://host/a@b.whl",
    "pkg @ https://host:8443/a@b.whl",
    "Requires-Dist: x @ git+https://host/r@v1",
    "x @ git+https://host:8443/r@feature/branch",
    "x @ git+https://host/r@release.candidate",
    "git+ssh://git@host/group/repo@v1",
    "git@host:group/repo",
    "Author-email: Bob <bob@example.com>",
    "https://lists.example.com/list/dev@lists.example.com/thread",
    "https://example.com/contact?mail=bob@example.com",
    "https://example.com/@bob/post",
    '"https://host","bob@example.com"',
    "see https://host, or ask bob@example.com",
    "https://host: bob@example.com",
    "file:///home/bob@example.com/x",
    "a://",
    "@",
    "://@",
    "https://@",
)


@pytest.mark.parametrize(("text", "hidden"), HIDDEN.items(), ids=HIDDEN)
def test_credentials_in_addresses_are_hidden(text: str, hidden: str) -> None:
    assert hide_credentials(text) == hidden


@pytest.mark.parametrize("text", HONEST)
def test_addresses_without_credentials_stay_as_they_are(text: str) -> None:
    assert hide_credentials(text) == text


PASSWORD = st.text(
    st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1, max_size=30
)


@given(PASSWORD, st.sampled_from(("host", "localhost:8443", "nexus.example.com", "127.0.0.1:81")))
@example("1/234", "host")
@example("p@ss/word", "host")
def test_whatever_a_password_contains_nothing_of_it_stays(password: str, host: str) -> None:
    text = f"get https://bob:{password}@{host}/simple/ now"
    assert hide_credentials(text, "****@") == f"get https://****@{host}/simple/ now"


def percent_encode_in_lower_case(text: str) -> str:
    return "".join(
        f"%{byte:02x}" if byte == 0x2F else quote(bytes([byte])) for byte in text.encode()
    )


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent": lambda secret: quote(secret, safe=""),
    "percent, slashes kept": quote,
    "percent, lower case": percent_encode_in_lower_case,
    "form field": quote_plus,
    "JSON": json.dumps,
    "JSON, not ASCII": lambda secret: json.dumps(secret, ensure_ascii=False),
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret))[3:-3],
    "JSON, slashes escaped": lambda secret: json.dumps(secret).replace("/", r"\/"),
    "repr": repr,
    "repr, ASCII": ascii,
    "repr of bytes": lambda secret: repr(secret.encode())[1:],
    "HTML": html.escape,
    "XML by numbers": lambda secret: "".join(
        f"&#{ord(c)};" if not (c == "_" or (c.isascii() and c.isalnum())) else c for c in secret
    ),
    "shell": shlex.quote,
    "base64": in_base64,
    "base64, no padding": lambda secret: in_base64(secret).rstrip("="),
    "base64, of a line": lambda secret: in_base64(f"{secret}\n"),
    "base64, for addresses": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "base64, percent-encoded": lambda secret: quote(in_base64(secret), safe=""),
    "Basic authentication": lambda secret: in_base64(f"bob:{secret}"),
    "colours between": lambda secret: f"{secret[:4]}\x1b[1m{secret[4:]}",
}
SECRET = st.text(
    st.characters(codec="utf-8", exclude_categories=("Z", "C"), exclude_characters="*\\'\"=+-"),
    min_size=8,
    max_size=24,
) | st.text(st.sampled_from("ab/\\'\"&<>+-=%$@:#? é~`€"), min_size=8, max_size=16).map(
    lambda text: f"x{text}x"
)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@settings(max_examples=40)
@given(secret=SECRET)
@example(secret="hunter2/hunter2")
@example(secret="p&ss<w>rd'\"\\x")
def test_secret_is_replaced_in_every_form(form: Callable[[str], str], secret: str) -> None:
    redactor = Redactor()
    redactor.add(secret, "bob")
    shown = redactor.clean(f"[ {form(secret)} ]").strip("[] ")
    assert shown.strip("'\"") == "****"


def test_secret_in_latin_1_is_replaced() -> None:
    redactor = Redactor()
    redactor.add("pässwörd", "bob")
    assert redactor.clean("p%E4ssw%F6rd") == "****"
    assert redactor.clean(base64.b64encode("bob:pässwörd".encode("latin-1")).decode()) == "****"


@given(st.binary(), st.integers(0, 50))
def test_a_digest_stays_whatever_part_of_it_is_a_password(data: bytes, start: int) -> None:
    digest = hashlib.sha256(data).hexdigest()
    redactor = Redactor()
    redactor.add(digest[start : start + 12])
    assert redactor.clean(f"sha256 {digest}, not {digest[start : start + 12]}") == (
        f"sha256 {digest}, not ****"
    )


def test_a_token_that_looks_like_a_digest_is_replaced() -> None:
    token = "0123456789abcdef" * 2
    redactor = Redactor()
    redactor.add(token)
    assert redactor.clean(f"Bearer {token}") == "Bearer ****"


def test_secrets_of_an_environment() -> None:
    redactor = Redactor()
    key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\nBCIEIBuZ0n9x\n-----END PRIVATE KEY-----\n"
    environ = {
        "TWINE_USERNAME": "publisher",
        "TWINE_PASSWORD": "twine-password",
        "RELEASEKIT_ADMIN_PASSWORD": "admin-password\n",
        "RELEASEKIT_READER_PASSWORD": "reader-password",
        "RELEASEKIT_CLIENT_CERT": key,
        "UV_INDEX_CORP_PASSWORD": "uv-password",
        "UV_PUBLISH_TOKEN": "uv-token-1234",
        "PIP_INDEX_URL": "https://bob:pip/pass%2Fword@host/simple",
        "UV_INDEX": "corp=https://bob:of@the/index@host/simple",
        "HTTPS_PROXY": "bob:proxy-password@proxy.example.com:3128",
        "http_proxy": "http://bob:other-password@proxy.example.com:3128",
        "CI_REPOSITORY_URL": "https://gitlab-ci-token:job-token@gitlab.example.com/g/p.git",
        "GITHUB_TOKEN": "ghp_0123456789",
        "PIP_EXTRA_INDEX_URL": "https://glpat-0123456789@host/simple",
        "RELEASEKIT_URL": "https://nexus.example.com",
        "GIT_CONFIG_VALUE_0": "Authorization: Basic eDpoZWFkZXItc2VjcmV0",
        "TERM": "xterm-256color",
    }
    redactor.add_all(find_secrets(environ))
    for secret in (
        *("twine-password", "admin-password", "reader-password", "uv-password", "uv-token-1234"),
        *("pip/pass%2Fword", "pip/pass/word", "of@the/index", "proxy-password", "other-password"),
        *("job-token", "ghp_0123456789", "glpat-0123456789", "MC4CAQAwBQYDK2Vw", "BCIEIBuZ0n9x"),
        *("eDpoZWFkZXItc2VjcmV0", in_base64("publisher:twine-password")),
    ):
        assert redactor.clean(f"<{secret}>") == "<****>"
    for text in ("publisher", "https://nexus.example.com", "xterm-256color", "bob"):
        assert redactor.clean(text) == text
    assert redactor.warn() == ""


def test_short_secrets_stay_and_are_named_once() -> None:
    redactor = Redactor()
    environ = {
        "TWINE_PASSWORD": "hunter2",
        "UV_PUBLISH_TOKEN": "",
        "PIP_INDEX_URL": "https://bob:7chars/@host/simple",
        "SOME_TOKEN": "short",
    }
    redactor.add_all(find_secrets(environ))
    redactor.add("hunter2", "bob", name="the password of TWINE_PASSWORD")
    assert redactor.clean("hunter2 and hunter22") == "hunter2 and hunter22"
    assert redactor.clean(in_base64("bob:hunter2")) == "****"
    assert redactor.warn() == (
        "TWINE_PASSWORD, the password in PIP_INDEX_URL are shorter than 8 characters, and so not "
        "hidden in output and reports: use a longer password"
    )
    assert redactor.warn() == ""


def test_a_requirement_stays_one() -> None:
    redactor = Redactor()
    redactor.add("setuptools")
    redactor.add("secret/path")
    assert redactor.clean_requirement("setuptools==80.9.0") == "setuptools==80.9.0"
    assert redactor.clean_requirement("setuptools @ https://bob:pw@host/secret/path/x.whl") == (
        "setuptools @ https://****@host/****/x.whl"
    )


def test_secrets_show_in_no_representation() -> None:
    redactor = Redactor()
    redactor.add("hunter2hunter2")
    assert "hunter2" not in repr(redactor)


PRINTABLE = {
    "a\tb\nc": "a\tb\nc",
    "a\r\nb": "a\nb",
    "\x1b[31mred\x1b[0m": "red",
    "\x1b[2J\x1b[H\x1b[?25lx": "x",
    "\x1b]0;title\x07x": "x",
    "\x1b]8;;https://evil.example.com\x1b\\link\x1b]8;;\x1b\\": "link",
    "\x1b]52;c;cm0gLXJm\x07x": "x",
    "\x1bP1;2|data\x1b\\x\x1b_apc\x1b\\y": "xy",
    "\x1b(B\x1b7\x1bcx": "x",
    "\x1b]52;c;unended": "\ufffd]52;c;unended",
    "\x9b31mx\x9d0;title\x9cy": "xy",
    "a\rb\x08\x7f\x00\x85": "a\ufffdb\ufffd\ufffd\ufffd\ufffd",
    "a\u202eb\u2066c\u2069\u200f\u2028": "a\ufffdb\ufffdc\ufffd\ufffd\ufffd",
    "\U000e0041x": "\ufffdx",
    "section_start:1:build[collapsed=true]\r\x1b[0KBuild": (
        "section_\\start:1:build[collapsed=true]\ufffdBuild"
    ),
    "x\n  ::add-mask::y\n::set-output name=a::b": (
        "x\n  :\\:add-mask::y\n:\\:set-output name=a::b"
    ),
    "##[error]x ##vso[task.setvariable]": "#\\#[error]x #\\#vso[task.setvariable]",
    "std::vector, a section_startup, # 1": "std::vector, a section_startup, # 1",
    "Grüße … 日本 🎉": "Grüße … 日本 🎉",
}


@pytest.mark.parametrize(("text", "shown"), PRINTABLE.items(), ids=map(ascii, PRINTABLE))
def test_neither_a_terminal_nor_a_ci_server_obeys_a_text(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_no_control_character_passes(text: str) -> None:
    assert not CONTROLS.search(printable(text))
    document = escape_json(json.dumps(text, ensure_ascii=False))
    assert not CONTROLS.search(document)
    assert json.loads(document) == text
