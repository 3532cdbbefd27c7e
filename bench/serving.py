"""The web process of a benchmark: as the product's, at a standing domain time.

A process of its own, so that whoever asks does not take its processor's time away unseen.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic

from dashboard.app import create_app
from dashboard.pool import new_pool
from dashboard.serve import create_server


class Standing:
    """A clock whose domain time stands still."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def elapsed(self) -> float:
        return monotonic()


@asynccontextmanager
async def served(database: str, now: datetime) -> AsyncIterator[str]:
    """Address of a web process over the database (URL of its web login)."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.serving", now.isoformat()),
        env={**os.environ, "BENCH_DATABASE": database},
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        yield (await asyncio.wait_for(child.stdout.readline(), 30)).decode().strip()
    finally:
        child.terminate()
        await child.wait()


async def serve(database: str, now: datetime) -> None:
    """Serve until terminated; the address is written to standard output."""
    async with new_pool(database) as pool:
        app = create_app(
            pool=pool, clock=Standing(now), real_now=lambda: datetime.now(UTC)
        )
        server = create_server(app, host="127.0.0.1", port=0)
        serving = asyncio.ensure_future(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        print(f"http://127.0.0.1:{port}", flush=True)
        await serving


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("now", type=datetime.fromisoformat)
    asyncio.run(serve(os.environ["BENCH_DATABASE"], parser.parse_args().now))
