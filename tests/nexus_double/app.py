"""The ASGI application: who may do what where, and what is answered."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from .answers import (
    REPOSITORY,
    STANDARD,
    Answer,
    Headers,
    answer,
    answer_bare,
    answer_login,
    answer_refusal,
    answer_rest,
    answer_unauthorized,
)
from .faults import Right
from .hosted import Hosted
from .reason import REASON_HEADER, encode_reason
from .request import ParsedRequest, parse_request, parse_target
from .state import LoggedRequest, State
from .upload import Cut, receive_upload
from .values import Account, Refusal
from .views import answer_get, needs_read

STATUS = ("/service/rest/v1/status", "/service/rest/v1/status/")


class WrongCredentials(Exception):
    """Credentials are wrong, or no credentials at all."""


class Unauthorized(Exception):
    """Credentials are needed and absent."""


class App:
    """Answers requests from a state and writes them to its log."""

    def __init__(self, state: State, account: Account) -> None:
        self._state = state
        self._account = account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = parse_request(scope)
        cut: Callable[[], None] = scope["state"]["cut"]
        try:
            found = await self._answer(request, Request(scope, receive))
        except Cut:
            self._log(request, None)
            cut()
            return
        except Exception as error:  # noqa: BLE001 - the log tells the tests
            found = answer_refusal(Refusal(500), request.base)
            self._log(request, found.status, repr(error))
        else:
            self._log(request, found.status)
        await send_answer(found, send, cut)

    def _log(self, request: ParsedRequest, status: int | None, error: str | None = None) -> None:
        self._state.log(
            LoggedRequest(
                method=request.method,
                path=request.target,
                status=status,
                username=request.username,
                error=error,
            )
        )

    async def _answer(self, request: ParsedRequest, incoming: Request) -> Answer:
        if self._state.faults.login_page:
            return answer_login()
        try:
            if request.in_repositories or request.in_rest:
                self._check_credentials(request)
            if not request.in_repositories:
                return answer_outside(request)
            return await self._answer_repository(request, incoming)
        except WrongCredentials:
            return answer_unauthorized(STANDARD)
        except Unauthorized:
            return answer_unauthorized(REPOSITORY)
        except Refusal as refusal:
            return answer_refused(refusal, request)

    async def _answer_repository(self, request: ParsedRequest, incoming: Request) -> Answer:
        name, path = parse_target(request.target)
        if name not in self._state.repositories:
            raise Refusal(404, "Repository not found")
        repository = self._state.repositories[name]
        repository.check_online()
        if request.reading:
            if needs_read(path, request.method):
                self._check_right(request, "read")
            return await run_in_threadpool(answer_get, repository, path, request, self._state)
        if request.method == "POST" and path == "/" and isinstance(repository, Hosted):
            self._check_right(request, "add")
            await receive_upload(incoming, repository, self._state)
            return answer(200)
        raise Refusal(404)

    def _check_credentials(self, request: ParsedRequest) -> None:
        """Refuse wrong credentials wherever they are looked at, whoever may read."""
        if request.username is None or request.password is None:
            return
        sent = f"{request.username}:{request.password}".encode()
        right = f"{self._account.username}:{self._account.password}".encode()
        if not hmac.compare_digest(sent, right):
            raise WrongCredentials

    def _check_right(self, request: ParsedRequest, right: Right) -> None:
        if request.username is None:
            if right != "read" or not self._account.anonymous:
                raise Unauthorized
        elif right in self._state.faults.forbidden:
            raise Refusal(403)


def answer_refused(
    refusal: Refusal, request: ParsedRequest, headers: Headers = REPOSITORY
) -> Answer:
    """Answer with a page where the method is one of a browser."""
    if request.reading or request.method == "POST":
        return answer_refusal(refusal, request.base, headers)
    return answer_bare(refusal, headers)


def answer_outside(request: ParsedRequest) -> Answer:
    """Answer outside of repositories, where nothing but the status is there."""
    if request.in_rest:
        return answer_rest(200 if request.reading and request.target in STATUS else 404)
    if request.reading:
        return answer_refused(Refusal(404), request, STANDARD)
    posting = "HTTP method POST is not supported by this URL" if request.method == "POST" else None
    return answer_refused(Refusal(405, posting), request, STANDARD)


async def send_answer(found: Answer, send: Send, cut: Callable[[], None]) -> None:
    """Send an answer piece by piece; an answer to be cut ends half-way."""
    headers = [(name.encode(), value.encode("latin-1")) for name, value in found.all_headers()]
    headers.append((REASON_HEADER, encode_reason(found.reason)))
    await send({"type": "http.response.start", "status": found.status, "headers": headers})
    left = found.size // 2 if found.cut else found.size
    for chunk in found.chunks():
        await send({"type": "http.response.body", "body": chunk[:left], "more_body": True})
        left -= len(chunk[:left])
    if found.cut:
        cut()
        return
    await send({"type": "http.response.body", "body": b"", "more_body": False})
