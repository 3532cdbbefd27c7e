"""Text within evidence: JSON with one spelling, and only characters that PostgreSQL takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def document(content: Mapping[str, Any]) -> str:
    """`content` as canonical JSON: keys sorted, no spaces, characters as they are."""
    return json.dumps(
        content, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )


def storable(text: str) -> str:
    """`text` without what PostgreSQL refuses: NUL characters and lone surrogates."""
    return (
        text.replace("\0", "\N{REPLACEMENT CHARACTER}")
        .encode(errors="replace")
        .decode()
    )
