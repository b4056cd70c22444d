"""A relay on plain HTTP before the index that pip uses: Nexus does not know this machine's CA."""

from __future__ import annotations

import contextlib
import re
import shutil
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LINK = re.compile(rb'href="https://([^/"]+)/')
ELSEWHERE = "/elsewhere/"
"""Below it are other hosts, by their names: files are often on another one than pages."""
KEPT = ("Content-Type", "Content-Length", "ETag", "Last-Modified")


@contextlib.contextmanager
def run_relay(index: str) -> Iterator[str]:
    """Provide the address of a relay before the index at `index`, a simple index's address."""
    root = index.rstrip("/").removesuffix("/simple")
    context = ssl.create_default_context()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = f"{root}{self.path}"
            if self.path.startswith(ELSEWHERE):
                url = f"https://{self.path.removeprefix(ELSEWHERE)}"
            request = urllib.request.Request(url, headers={"Accept": "text/html, */*;q=0.1"})
            try:
                with urllib.request.urlopen(request, context=context, timeout=60) as answer:
                    self._pass_on(answer)
            except urllib.error.HTTPError as error:
                self.send_response(error.code)
                self.send_header("Content-Length", "0")
                self.end_headers()

        do_HEAD = do_GET  # noqa: N815

        def _pass_on(self, answer: Any) -> None:
            is_page = "html" in answer.headers.get("Content-Type", "")
            page = LINK.sub(rf'href="{ELSEWHERE}\1/'.encode(), answer.read()) if is_page else b""
            self.send_response(answer.status)
            for name in KEPT:
                value = str(len(page)) if is_page and name == "Content-Length" else None
                if value := value or answer.headers.get(name):
                    self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                if is_page:
                    self.wfile.write(page)
                else:
                    shutil.copyfileobj(answer, self.wfile)

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
