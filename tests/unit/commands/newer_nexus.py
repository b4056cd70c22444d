"""A Nexus newer than the one that can run here, as far as its REST API is described.

Sonatype describes what a current version takes and gives (its OpenAPI document, which the models
of tests/test_newer_models.py are made from); how the license agreement works was observed by
others on 3.94 and 3.96. Nothing here was measured by us: no such server can be had freely.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

API = "/service/rest/v1/"
DISCLAIMER = (
    "Use of this Community Edition is governed by the agreement at https://example.com/eula.\n"
    "By returning accepted:true you say that you have read it, and “agree”."
)
GATE = b"<html>To use it, accept the End User License Agreement.</html>"


def _fresh() -> dict[str, Any]:
    return {
        "status": {},
        "status/writable": {},
        "system/eula": {"accepted": False, "disclaimer": DISCLAIMER},
        "security/realms/active": ["NexusAuthenticatingRealm"],
        "security/anonymous": {"enabled": False, "userId": "anonymous"},
        "security/users/admin": {"userId": "admin", "status": "active", "source": "default"},
        "blobstores": [{"name": "default"}],
        "repositories": [],
    }


@dataclass(kw_only=True)
class NewerNexus:
    """What it has, by path, and what it says of itself; `changes` are the writes it got."""

    url: str
    named: str = "Nexus/3.96.1-02 (COMMUNITY)"
    status: int = 200
    """What its status is answered with."""
    skew: timedelta = timedelta()
    """How far its clock is ahead."""
    resources: dict[str, Any] = field(default_factory=_fresh)
    requests: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    def answer(self, method: str, target: str, document: Any) -> tuple[int, Any]:
        """Return the status and the document of an answer."""
        path = urlsplit(target).path
        if not path.startswith(API):
            accepted = self.resources["system/eula"]["accepted"]
            return (404, None) if accepted or "COMMUNITY" not in self.named else (403, GATE)
        path = path.removeprefix(API)
        self.requests.append(f"{method} {path}")
        if method != "GET":
            self.changes.append(f"{method} {path}")
            return self._change(method, path, document)
        if path == "status":
            return self.status, {}
        if user := parse_qs(urlsplit(target).query).get("userId"):
            found = self.resources.get(f"{path}/{user[0]}")
            return 200, [found] if found else []
        return (200, self.resources[path]) if path in self.resources else (404, None)

    def _change(self, method: str, path: str, document: Any) -> tuple[int, Any]:
        if path == "system/eula":
            if document != {"accepted": True, "disclaimer": DISCLAIMER}:
                return 500, None
        elif method == "POST" and document:
            name = document.get("name") or document["userId"]
            path = f"{path}/{document.get('id') or name}"
            if "security/users" in path:
                document = {**document, "source": "default"}
        if document is not None:
            self.resources[path] = document
        return 204, None


@contextmanager
def run_newer_nexus() -> Iterator[NewerNexus]:
    """Run one until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            is_json = self.headers.get("Content-Type") == "application/json"
            document = json.loads(sent) if sent and is_json else None
            status, found = nexus.answer(self.command, self.path, document)
            body = found if isinstance(found, bytes) else b"" if found is None else _dump(found)
            self.send_response_only(status)
            now = datetime.now(timezone.utc) + nexus.skew
            for name, value in (
                ("Server", nexus.named),
                ("Date", format_datetime(now, usegmt=True)),
                ("Content-Length", str(len(body))),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PUT = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        nexus = NewerNexus(url=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield nexus
        finally:
            server.shutdown()
            thread.join()


def _dump(document: Any) -> bytes:
    return json.dumps(document).encode()
