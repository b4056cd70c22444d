"""What an administrator should know beside the plan."""

from __future__ import annotations

from collections.abc import Iterator

from releasekit.config.settings import Settings
from releasekit.nexus.desired_state import rule_name
from releasekit.nexus.model import Found, Kind
from releasekit.nexus.routing_patterns import block_patterns


def find_notes(settings: Settings, found: Found) -> tuple[str, ...]:
    """Return what is no difference, and yet worth a line."""
    return tuple(_find(settings, found))


def _find(settings: Settings, found: Found) -> Iterator[str]:
    if not settings.group:
        yield "no group is configured: group, proxy and routing rule are left alone"
    elif not settings.own_names:
        yield "own-names is not set: a public package may shadow one of yours"
    anonymous = found.get(Kind.ANONYMOUS, "")
    if settings.anonymous is None and anonymous and anonymous.get("enabled"):
        yield "everybody may read without a password; `anonymous = false` would end that"
    admin = found.get(Kind.USER, found.admin)
    if admin and admin.get("status") == "changepassword" and not found.secrets.admin_changes:
        yield (
            f"{found.admin} has the password that Nexus generated at its first start: "
            "set RELEASEKIT_ADMIN_PASSWORD to a new one, and name the file of the first one "
            "with --first-password"
        )
    if also := _find_also_blocked(settings, found):
        yield f"{rule_name(settings)} blocks more than own-names, and goes on: {', '.join(also)}"


def _find_also_blocked(settings: Settings, found: Found) -> tuple[str, ...]:
    rule = found.get(Kind.RULE, rule_name(settings))
    if rule is None or rule.get("mode") != "BLOCK" or not settings.own_names:
        return ()
    ours = block_patterns(settings.own_names)
    return tuple(pattern for pattern in rule.names("matchers") if pattern not in ours)
