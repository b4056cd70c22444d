"""The text of a pip.conf: read as pip reads it, changed with all else kept, comments too."""

from __future__ import annotations

import configparser
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from releasekit.errors import BrokenSettings, usage
from releasekit.home import find_config_home, find_home

if TYPE_CHECKING:
    from configupdater import ConfigUpdater


def find_pip_folder(environ: Mapping[str, str]) -> Path:
    """Return the user's directory of pip's settings.

    On macOS pip prefers a directory of its own, where that exists.
    """
    mac = find_home(environ) / "Library" / "Application Support" / "pip"
    use_mac = sys.platform == "darwin" and mac.is_dir()
    return mac if use_mac else find_config_home(environ) / "pip"


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
        name, _, key = option.partition(".")
        if not document.has_section(name):
            document.add_section(name)
        section = document[name]
        spelled = next((other for other in section if _normalize(other) == key), None)
        if spelled is None and section.options():
            # After the last option, and before the empty lines that end the section.
            section[section.options()[-1]].add_after.option(key, value)
        else:
            section.set(spelled or key, value)
    ending = "\r\n" if "\r\n" in text else "\n"
    return ending.join(str(document).splitlines()) + ending


def _read(parser: configparser.RawConfigParser | ConfigUpdater, text: str, path: str) -> None:
    try:
        parser.read_string(text)
    except configparser.Error as error:
        reason = " ".join(str(error).replace("'<string>'", "the file").split())
        raise BrokenSettings(usage.BROKEN_SETTINGS, path=path, reason=reason) from error


def _normalize(key: str) -> str:
    return key.lower().replace("_", "-")  # pip: configuration.py, _normalize_name
