"""What text of a language does not have."""

from __future__ import annotations

from typing import Final

HAN: Final = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
"""A Chinese character or punctuation mark."""
ENGLISH_SENTENCE: Final = r"\b[A-Za-z]{2,} [A-Za-z]{2,}\b"
"""Two English words: names, codes and units are one each."""
