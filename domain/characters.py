"""Characters that people may write where other people read. Pure."""

from __future__ import annotations

import unicodedata
from typing import Final

TURNING: Final = frozenset(
    {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
)
"""Classes of characters that embed, override and isolate directions (UAX #9)."""


def printable(character: str) -> bool:
    """Whether people read what is written: line breaks and tabs are the only controls.

    Surrogates are none, and what turns the direction of others could let a text show another.
    """
    return character in "\n\t" or not (
        unicodedata.category(character) in ("Cc", "Cs")
        or unicodedata.bidirectional(character) in TURNING
    )


def is_line(text: str) -> bool:
    """Whether `text` is printable, and can pass for no more than one line."""
    return len(text.splitlines()) <= 1 and all(
        printable(one) and one not in "\n\t" for one in text
    )
