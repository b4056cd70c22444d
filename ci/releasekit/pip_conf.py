"""The text of a pip.conf: read as pip reads it, changed with all else kept, comments too."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from typing import TYPE_CHECKING

from releasekit.errors import BrokenSettings
from releasekit.errors.usage import BROKEN_SETTINGS

if TYPE_CHECKING:
    from configupdater import ConfigUpdater, Section


def read_options(text: str, path: str) -> dict[str, str]:
    """Return the options as `section.key`, spelled as pip does; raises BrokenSettings."""
    parser = configparser.RawConfigParser()
    _read(parser, text, path)
    return {
        f"{section}.{_normalize(key)}": (value or "").strip()
        for section in parser.sections()
        for key, value in parser.items(section)
    }


def set_options(text: str, options: Mapping[str, str], path: str) -> str:
    """Return the text with these options; raises BrokenSettings."""
    from configupdater import ConfigUpdater  # every release reads, few commands change

    # configupdater 3.2, the last for Python 3.10, would write on after a last line without its end.
    document = ConfigUpdater()
    _read(document, text if text.endswith("\n") or not text else f"{text}\n", path)
    for option, value in options.items():
        section, _, key = option.partition(".")
        if not document.has_section(section):
            document.add_section(section)
        _set_option(document[section], key, value)
    ending = "\r\n" if "\r\n" in text else "\n"
    return ending.join(str(document).splitlines()) + ending


def _set_option(section: Section, key: str, value: str) -> None:
    spelled = next((name for name in section if _normalize(name) == key), None)
    if spelled is not None:
        section[spelled] = value
    elif section.options():
        # After the last option, and before the empty lines that end the section.
        section[section.options()[-1]].add_after.option(key, value)
    else:
        section.set(key, value)


def _read(parser: configparser.RawConfigParser | ConfigUpdater, text: str, path: str) -> None:
    try:
        parser.read_string(text)
    except configparser.Error as error:
        reason = " ".join(str(error).replace("'<string>'", "the file").split())
        raise BrokenSettings(BROKEN_SETTINGS, path=path, reason=reason) from error


def _normalize(key: str) -> str:
    return key.lower().replace("_", "-")  # pip: configuration.py, _normalize_name
