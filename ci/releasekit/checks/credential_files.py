"""Files that programs make to hold credentials, and what tells a filled one from an empty one."""

from __future__ import annotations

import re
from collections.abc import Callable
from configparser import ConfigParser
from configparser import Error as ConfigError

HARMLESS = re.compile(r"example|sample|template|dist|default|test")
"""What stands in the name of a .env file that is made to be copied."""


def find_file_rule(name: str) -> Callable[[str], str | None] | None:
    """Return what judges the content of a file of that name; None for an ordinary file."""
    base = name.rpartition("/")[2]
    if base == ".env" or (base.startswith(".env.") and not HARMLESS.search(base)):
        return _judge_env
    return FILE_RULES.get(base)


def _judge_pypirc(text: str) -> str | None:
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except ConfigError:
        return None
    has_password = any(parser.get(name, "password", fallback="") for name in parser.sections())
    return "a password (.pypirc)" if has_password else None


def _judge_netrc(text: str) -> str | None:
    return "a password (.netrc)" if re.search(r"(?m)(?:^|\s)password\s+\S", text) else None


def _judge_env(text: str) -> str | None:
    has_value = re.search(r"(?m)^\s*(?:export\s+)?\w+\s*=[ \t]*[^\s#\"']", text) or re.search(
        r"(?m)^\s*(?:export\s+)?\w+\s*=[ \t]*([\"'])[^\"'\s]", text
    )
    return "settings of a machine (.env)" if has_value else None


def _judge_npmrc(text: str) -> str | None:
    return (
        "a token (.npmrc)"
        if re.search(r"(?m)_(?:authToken|password|auth)\s*=\s*[^\s$]", text)
        else None
    )


def _judge_git_credentials(text: str) -> str | None:
    return "a password (.git-credentials)" if re.search(r"://[^/\s:@]+:[^@\s]+@", text) else None


FILE_RULES = {
    ".pypirc": _judge_pypirc,
    ".netrc": _judge_netrc,
    "_netrc": _judge_netrc,
    ".npmrc": _judge_npmrc,
    ".git-credentials": _judge_git_credentials,
}
"""Files that programs make to hold secrets, and what is looked for in them."""
