"""Draw stages as an SVG: columns follow each other, what runs at once stands in one column."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT, GAP, LEFT, TOP = 132, 44, 28, 12, 40
Column = Sequence[tuple[str, str]]
"""What runs at the same time: its name, and where it runs."""


def render_picture(rows: Sequence[tuple[str, Sequence[Column]]]) -> str:
    """Return the picture: a line of columns for each titled row."""
    parts: list[str] = []
    top = 0
    widest = max(len(columns) for _, columns in rows)
    for title, columns in rows:
        parts.append(f'<text x="{LEFT}" y="{top + 24}" class="title">{escape(title)}</text>')
        for place, column in enumerate(columns):
            parts += _render_column(column, x=LEFT + place * (WIDTH + GAP), y=top + TOP)
        for place in range(1, len(columns)):
            x, y = LEFT + place * (WIDTH + GAP) - GAP, top + TOP + HEIGHT // 2
            parts.append(f'<path d="M{x + 4} {y}h{GAP - 8}m-5 -4l5 4l-5 4" class="arrow"/>')
        top += TOP + max(len(column) for column in columns) * (HEIGHT + 10) + 8
    return _render_document(parts, width=LEFT + widest * (WIDTH + GAP), height=top)


def _render_column(column: Column, *, x: int, y: int) -> list[str]:
    parts = []
    for row, (name, place) in enumerate(column):
        at = y + row * (HEIGHT + 10)
        parts += [
            f'<rect x="{x}" y="{at}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
            f'<text x="{x + WIDTH // 2}" y="{at + 19}" class="name">{escape(name)}</text>',
            f'<text x="{x + WIDTH // 2}" y="{at + 35}" class="place">{escape(place)}</text>',
        ]
    return parts


def _render_document(parts: Sequence[str], *, width: int, height: int) -> str:
    style = (
        "text{font:13px sans-serif;fill:#24292f}.title{font-weight:bold}"
        ".name,.place{text-anchor:middle}.place{font-size:11px;fill:#57606a}"
        "rect{fill:#f6f8fa;stroke:#57606a}.arrow{fill:none;stroke:#57606a}"
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
    background = f'<path d="M0 0h{width}v{height}H0z" fill="#fff"/>'
    return "\n".join([head, f"<style>{style}</style>", background, *parts, "</svg>", ""])
