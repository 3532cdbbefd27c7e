"""How often Python looks for garbage cycles in an ingestor."""

from __future__ import annotations

import gc


def collect_rarely() -> None:
    """Look for cycles a hundred times less often than Python does by itself.

    All that a batch makes lives until its commit, so that otherwise each batch has the whole
    registry searched: half of the time of an intake. Hardly anything of ours is in a cycle;
    the rest goes when its last reference does.
    """
    gc.set_threshold(50_000, 20, 100)
