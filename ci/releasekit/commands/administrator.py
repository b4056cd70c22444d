"""The administrator's way in: also on a fresh server, whose password Nexus generated itself."""

from __future__ import annotations

from releasekit.context import NexusContext
from releasekit.errors import WrongCredentials
from releasekit.model.credentials import Credentials
from releasekit.nexus.resources import set_password
from releasekit.nexus.rest import Rest, read_version


def open_administration(ctx: NexusContext) -> Rest:
    """Return the API for the administrator, with the first password if that is still valid.

    Raises WrongCredentials, for the password that is wanted.
    """
    return _open_rest(ctx, _choose(ctx))


def _open_rest(ctx: NexusContext, credentials: Credentials) -> Rest:
    return Rest(url=ctx.url, client=ctx.network.client, credentials=credentials)


def _choose(ctx: NexusContext) -> Credentials:
    if not ctx.first.username or _fits(ctx, ctx.admin):
        return ctx.admin
    return ctx.first if _fits(ctx, ctx.first) else ctx.admin


def has_first_password(ctx: NexusContext, rest: Rest) -> bool:
    """Tell whether the administrator's password is to be changed from the first one."""
    return rest.credentials != ctx.admin


def change_first_password(ctx: NexusContext) -> None:
    """Replace the password that Nexus generated at its first start."""
    set_password(_open_rest(ctx, ctx.first), ctx.admin.username, ctx.admin.password)


def fits(ctx: NexusContext, username: str, password: str) -> bool:
    """Tell whether somebody can log in: a wrong password is refused on every path."""
    return _fits(ctx, Credentials(username=username, password=password, source=""))


def _fits(ctx: NexusContext, credentials: Credentials) -> bool:
    try:
        read_version(_open_rest(ctx, credentials))
    except WrongCredentials:
        return False
    return True
