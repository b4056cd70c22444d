"""A private CA for one instance, and the keystore that Nexus serves TLS from."""

from __future__ import annotations

from pathlib import Path
from typing import cast

NAMES = ("127.0.0.1", "::1", "localhost")
# jetty-https.xml of the application says so; the key is worth nothing after this instance.
KEYSTORE_PASSWORD = b"password"


def write_keystore(keystore: Path, ca_bundle: Path) -> None:
    """Make a CA and a certificate; write the keystore, and the CA for the clients.

    Measured (1.6): Java reads PKCS12 under the name keystore.jks.
    """
    import trustme
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        load_pem_private_key,
        pkcs12,
    )
    from cryptography.x509 import load_pem_x509_certificate

    authority = trustme.CA()
    issued = authority.issue_cert(*NAMES)
    # trustme makes EC keys; Nexus takes them (docs/nexus-behaviour.md#tls).
    loaded = load_pem_private_key(issued.private_key_pem.bytes(), None)
    key = cast("EllipticCurvePrivateKey", loaded)
    own, *others = (load_pem_x509_certificate(pem.bytes()) for pem in issued.cert_chain_pems)
    root = load_pem_x509_certificate(authority.cert_pem.bytes())
    content = pkcs12.serialize_key_and_certificates(
        b"jetty", key, own, [*others, root], BestAvailableEncryption(KEYSTORE_PASSWORD)
    )
    keystore.parent.mkdir(parents=True, exist_ok=True)
    keystore.touch(mode=0o600)
    keystore.write_bytes(content)
    authority.cert_pem.write_to_path(str(ca_bundle))
