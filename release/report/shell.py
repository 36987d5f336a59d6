"""What every page has around it: one file that loads nothing, no script, font or picture."""

from collections.abc import Sequence
from html import escape

from release.report.style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""A browser loads nothing for the page, whatever a release's texts say."""


def page(title: str, body: Sequence[str]) -> str:
    """A whole page; `body` is HTML already."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body><main>\n"
        + "\n".join(body)
        + "\n</main></body></html>\n"
    )


def tag(words: str, tone: str) -> str:
    """A word in a pill."""
    return f'<span class="tag t-{tone}">{escape(words)}</span>'


def key(color: str, words: str, shape: str = "") -> str:
    """What a colour of a chart stands for."""
    return f'<span><i class="{shape}" style="--c:{color}" aria-hidden="true"></i>{escape(words)}</span>'
