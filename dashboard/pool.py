"""Connections of the web process: as `create_app` wants them."""

from __future__ import annotations

from psycopg_pool import AsyncConnectionPool

from dashboard.house import Pool
from storage.connect import OPTIONS

AT_LEAST = 3
"""One listens for the stream, a page takes two."""
GIVE_UP_AFTER = 5.0
"""Seconds of vain reconnecting, growing pauses between; whoever asks next starts it anew."""
LONGEST = "15s"
"""Of a statement: whoever asks for fifty years of readings does not keep others waiting."""
PLANS = "-c plan_cache_mode=force_custom_plan"
"""Prepared statements spare the parsing; a plan for all values would look at all partitions."""


def new_pool(url: str, *, at_most: int = 12) -> Pool:
    """A pool of the login in `url`, not yet open. A dead connection is never handed out."""
    return AsyncConnectionPool(
        url,
        open=False,
        min_size=AT_LEAST,
        max_size=at_most,
        check=AsyncConnectionPool.check_connection,
        reconnect_timeout=GIVE_UP_AFTER,
        kwargs={
            "autocommit": True,
            "application_name": "blackbox dashboard",
            "options": f"{OPTIONS} {PLANS} -c statement_timeout={LONGEST}",
        },
    )
