"""The filter for all that is printed or written."""

from __future__ import annotations

import base64
import html
import json
import shlex
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from releasekit.redact import Redactor, escape_json, hide_credentials, printable

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
