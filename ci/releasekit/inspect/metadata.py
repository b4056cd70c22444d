"""What other libraries say of metadata: readme-renderer of descriptions, trove-classifiers."""

from __future__ import annotations

import io
from collections.abc import Sequence

DESCRIPTION_LIMIT = 1 << 19
"""Characters that are rendered: docutils takes 10 s and 300 MB for a million (0.23, measured). The
longest description among 250 known packages has 140,000."""
PRIVATE = "private ::"
"""The prefix that no index knows, on purpose (packaging user guide, "classifiers")."""


def render_description(text: str | None, content_type: str | None) -> str | None:
    """Return why a description does not render, None where it does.

    reStructuredText is the default and the only type that can fail, as `twine check` has it
    (twine 7.0.0, commands/check.py).
    """
    media_type = (content_type or "text/x-rst").partition(";")[0].strip().lower()
    if not text or text.strip() == "UNKNOWN" or media_type in ("text/plain", "text/markdown"):
        return None
    if len(text) > DESCRIPTION_LIMIT:
        return f"it has {len(text)} characters, and {DESCRIPTION_LIMIT} are read at most"
    from readme_renderer import rst  # docutils takes 0.1 s to import, and few still need it

    # docutils.conf in the current directory, the project's, may have any file written.
    rst.SETTINGS["_disable_config"] = True
    said = io.StringIO()
    try:
        if rst.render(text, stream=said) is not None:
            return None
    except Exception as error:  # noqa: BLE001 - docutils, of markup made to break it
        return f"docutils failed: {type(error).__name__}"
    lines = said.getvalue().strip().splitlines()
    return lines[0].removeprefix("<string>:") if lines else "docutils could not render it"


def find_unknown(classifiers: Sequence[str]) -> tuple[str, ...]:
    """Return the classifiers that are not on the list, but for private ones."""
    from trove_classifiers import classifiers as known
    from trove_classifiers import deprecated_classifiers as deprecated

    return tuple(
        classifier
        for classifier in dict.fromkeys(classifiers)
        if classifier not in known
        and classifier not in deprecated
        and not classifier.lower().startswith(PRIVATE)
    )


def find_deprecated(classifiers: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the deprecated classifiers, with what replaces each."""
    from trove_classifiers import deprecated_classifiers as deprecated

    return tuple(
        (classifier, tuple(deprecated[classifier]))
        for classifier in dict.fromkeys(classifiers)
        if classifier in deprecated
    )
