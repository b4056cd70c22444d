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
    texts = {
        str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in root.rglob("*.py")
    }
    found = {
        (name, switch) for name, text in texts.items() for switch in SWITCHES if switch in text
    }
    # The doctor looks at a chain that nobody trusts; that it sends nothing, its own tests show.
    # The consumer's settings are searched for the option, and its user is warned.
    assert found == {
        ("doctor/connection.py", "CERT_NONE"),
        ("doctor/connection.py", "check_hostname = False"),
        ("consumer/settings.py", "allow-insecure-host"),
    }
    assert {name for name, text in texts.items() if "certifi.where()" in text} == {"tls/trust.py"}
