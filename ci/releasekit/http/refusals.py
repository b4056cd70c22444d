"""What an answer means whatever the request was for: limits, a license, a server that is ill."""

from __future__ import annotations

from releasekit.errors import ReleasekitError
from releasekit.errors.access import LICENSE_LIMIT, REDIRECTED_LOGIN
from releasekit.errors.failed import SERVER_FAILS, TOO_MANY_REQUESTS
from releasekit.http.answer import Answer
from releasekit.model.addresses import may_have_login, show_address


def explain_refusal(answer: Answer, url: str) -> ReleasekitError | None:
    """Return what an answer to a request for `url` is; None if that depends on what it was for.

    407 never comes here: it is the proxy's.
    """
    if answer.status == 429:
        wait = answer.wait
        said = "does not say for how long" if wait is None else f"asks to wait {wait:.0f} s"
        return ReleasekitError(TOO_MANY_REQUESTS, url=url, answer=answer.summary, wait=said)
    if answer.status == 402:
        return ReleasekitError(LICENSE_LIMIT, url=url, answer=answer.summary)
    if answer.status >= 500:
        return ReleasekitError(SERVER_FAILS, url=url, answer=answer.summary)
    if answer.status in (401, 403) and not may_have_login(url, answer.url):
        place = show_address(answer.url)
        return ReleasekitError(REDIRECTED_LOGIN, url=url, place=place, answer=answer.summary)
    return None
