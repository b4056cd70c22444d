"""For which certificates uv is called, and what is said of its answer."""

from __future__ import annotations

import pytest

from certificates import make
from raising import raises_error
from releasekit.errors.access import UV_REFUSES_CERTIFICATE
from releasekit.uv.program import find_certificate_fix, is_unlike_a_server, refuse_met

ROOT = make("Company Root")
URL = "https://nexus.example.com/repository/pypi-group/simple/demo/"


def uv_says(what: str) -> str:
    """Return how uv 0.13 words it."""
    return (
        f"error: Failed to fetch: {URL}\n"
        f"  cause: error sending request for url ({URL})\n"
        f"  cause: invalid peer certificate: {what}\n"
    )


@pytest.mark.parametrize(
    ("certificate", "is_unlike"),
    [
        pytest.param(make("own", hosts=("127.0.0.1",)).der, True, id="self-signed, of a CA"),
        pytest.param(make("here", ROOT, ca=True).der, True, id="issued, of a CA"),
        pytest.param(make("here", ROOT, ca=False).der, False, id="of a server"),
        pytest.param(make("here", ROOT, ca=None).der, False, id="no basic constraints"),
        pytest.param(b"", False, id="http"),
    ],
)
def test_uv_is_called_for_certificates_that_it_may_refuse(
    certificate: bytes, is_unlike: bool
) -> None:
    assert is_unlike_a_server(certificate) is is_unlike


@pytest.mark.parametrize(
    ("said", "objection", "fix"),
    [
        (
            "Other(OtherError(CaUsedAsEndEntity))",
            "it is the certificate of a CA (CA:TRUE), used as that of a server "
            "(Other(OtherError(CaUsedAsEndEntity)))",
            "have its administrator install a certificate for a server",
        ),
        (
            "UnknownIssuer",
            "its issuer is not among the certificates that uv is given (UnknownIssuer)",
            "set ca-bundle (or RELEASEKIT_CA_BUNDLE)",
        ),
        ("SomethingNew", "SomethingNew", "have its administrator install a certificate"),
    ],
)
def test_what_uv_objects_to_is_shown_with_the_address(said: str, objection: str, fix: str) -> None:
    assert find_certificate_fix(objection).startswith(fix)
    with raises_error(UV_REFUSES_CERTIFICATE) as caught:
        refuse_met(uv_says(said), "elsewhere", {}, 1)
    answers = caught.value.answers()
    assert (answers["where"], answers["why"]) == (URL, f"uv says: {objection}")
    assert answers["next"].startswith(fix)


def test_other_failures_are_no_objection() -> None:
    refuse_met("error: Failed to fetch: x\n  cause: timed out", "x", {}, 1)
