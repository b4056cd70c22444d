from __future__ import annotations

import pytest

from releasekit.model.published import Contents, Difference, find_difference, parse_generator

INFO = "demo-1.0.dist-info"
USED = ("flit-core==3.12.0", "packaging==26.0")


def contents(generator: str = "flit 3.12.0", **digests: str) -> Contents:
    return Contents(members=digests, generator=generator)


def members(**names: str) -> Contents:
    return Contents(members={f"{INFO}/{name}": text for name, text in names.items()})


@pytest.mark.parametrize(
    ("built", "published", "found"),
    [
        pytest.param(
            contents(a="1"),
            contents(a="1"),
            Difference(
                lines=("all files in it have the same content: it was packed in another way",)
            ),
            id="packed otherwise",
        ),
        pytest.param(
            members(RECORD="1", WHEEL="1", A="1", B="1"),
            members(RECORD="2", WHEEL="2", A="2", C="2"),
            Difference(
                lines=(
                    f"the content differs of {INFO}/A, {INFO}/WHEEL, {INFO}/RECORD",
                    f"only published has {INFO}/C",
                    f"only this one has {INFO}/B",
                )
            ),
            id="members",
        ),
        pytest.param(
            contents(a="1", b="1", c="1", d="1", e="1", f="1"),
            contents(a="2", b="2", c="2", d="2", e="2", f="2"),
            Difference(lines=("the content differs of a, b, c, d and 2 more",)),
            id="many",
        ),
        pytest.param(
            contents("flit 3.12.0", a="1"),
            contents("flit 3.11.0", a="2"),
            Difference(
                lines=(
                    "the content differs of a",
                    "published was built by flit-core 3.11.0, this one by flit-core 3.12.0",
                ),
                pin="flit-core==3.11.0",
            ),
            id="another version of the backend",
        ),
        pytest.param(
            contents("flit 3.12.0", a="1"),
            contents("setuptools (80.1.0)", a="2"),
            Difference(
                lines=(
                    "the content differs of a",
                    "published was built by setuptools 80.1.0, this one by flit-core 3.12.0",
                )
            ),
            id="another backend, which no constraint brings",
        ),
        pytest.param(
            contents(a="1"),
            Contents(members={"a": "1", "\x1b[2J": "2"}, generator="by hand"),
            Difference(lines=("only published has '\\x1b[2J'",)),
            id="a name for the terminal",
        ),
    ],
)
def test_difference(built: Contents, published: Contents, found: Difference) -> None:
    assert find_difference(built, published, USED) == found


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("setuptools (80.1.0)", ("setuptools", "80.1.0")),
        ("bdist_wheel (0.43.0)", ("wheel", "0.43.0")),
        ("flit 3.12.0", ("flit-core", "3.12.0")),
        ("hatchling 1.27.0", ("hatchling", "1.27.0")),
        ("poetry-core 2.1.3", ("poetry-core", "2.1.3")),
        ("pdm-backend (2.4.5)", ("pdm-backend", "2.4.5")),
        ("maturin (1.8.1)", ("maturin", "1.8.1")),
        ("meson", None),
        ("", None),
        ("tool 1.0 and more", None),
        ("tool 1..0", None),
    ],
)
def test_generator_as_backends_write_it(text: str, tool: tuple[str, str] | None) -> None:
    assert parse_generator(text) == tool
