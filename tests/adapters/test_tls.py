"""Trust is added to, and no check is ever switched off."""

from __future__ import annotations

from pathlib import Path

import releasekit

SWITCHES = (
    *(
        "CERT_NONE",
        "check_hostname = False",
        "verify=False",
        "unverified_context",
        "http.sslVerify",
    ),
    *("--trusted-host", "allow-insecure-host", "disable_warnings"),
)


def test_no_check_is_switched_off_where_anything_is_sent() -> None:
    root = Path(next(iter(releasekit.__path__)))
    texts = {path.name: path.read_text(encoding="utf-8") for path in root.rglob("*.py")}
    found = {
        (name, switch) for name, text in texts.items() for switch in SWITCHES if switch in text
    }
    # The doctor looks at a chain that nobody trusts; that it sends nothing, its own tests show.
    assert found == {("probe.py", "CERT_NONE"), ("probe.py", "check_hostname = False")}
    assert {name for name, text in texts.items() if "certifi.where()" in text} == {"tls.py"}
