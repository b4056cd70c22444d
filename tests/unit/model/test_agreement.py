from __future__ import annotations

import pytest

from releasekit.model.agreement import find_disagreements
from releasekit.model.dists import parse_metadata

BASE = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n"


def compare(wheel: str, sdist: str) -> tuple[str, ...]:
    left, right = (parse_metadata((BASE + text).encode())[0] for text in (wheel, sdist))
    return find_disagreements(left, right)


@pytest.mark.parametrize(
    ("wheel", "sdist"),
    [
        pytest.param("", "", id="nothing more"),
        pytest.param(
            "Requires-Dist: a\nRequires-Dist: b\n", "Requires-Dist: b\nRequires-Dist: A\n"
        ),
        pytest.param(
            "Requires-Dist: a >= 1 ; x == 'y'\n".replace("x", "os_name"),
            'Requires-Dist: a>=1; os_name == "y"\n',
            id="spelling of a requirement",
        ),
        pytest.param("Requires-Dist: a\n", "Dynamic: Requires-Dist\n", id="dynamic"),
        pytest.param(
            "Requires-Dist: a; extra == 'x'\nProvides-Extra: x\n",
            "Dynamic: requires-dist\n",
            id="extra of dynamic requirements",
        ),
        pytest.param("Classifier: A\n", "Dynamic: Classifier\n", id="dynamic classifiers"),
        pytest.param("\nsome  \r\ntext\r\n", "\nsome\ntext", id="line ends of Windows"),
        pytest.param("License-File: licenses/A\n", "License-File: A\n", id="license files"),
        pytest.param("Project-URL: A, b\n", "Project-URL: A, b\nDynamic: Summary\n", id="urls"),
    ],
)
def test_what_is_only_written_differently_agrees(wheel: str, sdist: str) -> None:
    assert compare(wheel, sdist) == ()


@pytest.mark.parametrize(
    ("wheel", "sdist", "said"),
    [
        (
            "Requires-Dist: a<2\n",
            "Requires-Dist: a\nDynamic: Classifier\n",
            "requires-dist: the wheel has ['a<2'], the sdist has ['a']",
        ),
        ("", "Requires-Python: >=3\n", "requires-python: the wheel has none, the sdist has >=3"),
        (
            "Project-URL: A, b\n",
            "Project-URL: A, c\n",
            "project-urls: the wheel has {'A': 'b'}, the sdist has {'A': 'c'}",
        ),
    ],
)
def test_what_differs_is_named(wheel: str, sdist: str, said: str) -> None:
    assert compare(wheel, sdist) == (said,)


def test_long_text_is_shortened() -> None:
    (said,) = compare(f"\n{'a' * 500}", f"\n{'a' * 499}b")
    assert len(said) < 200
