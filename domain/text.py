"""What people read, in both languages. Whoever shows it picks the reader's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Text(NamedTuple):
    """The same in both languages."""

    zh: str
    en: str


def lines(texts: Iterable[Text]) -> Text:
    """One text of several, each on a line of its own."""
    several = list(texts)
    return Text("\n".join(t.zh for t in several), "\n".join(t.en for t in several))
