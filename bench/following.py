"""Two hundred clients of the stream, in a process of their own: when each is told of which alert.

    python -m bench.following ADDRESS          sessions on standard input, one a line

Says "ready", waits for the end of its input, and writes a line of JSON: by alert, when it was
told to the clients (seconds since the epoch).
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from time import time

import httpx


class Followers:
    """The process, as its parent has it."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child

    async def told(self) -> Mapping[int, list[float]]:
        """End them: by alert, when it was told to each."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()
        line = await asyncio.wait_for(self._child.stdout.readline(), 60)
        return {int(alert): times for alert, times in json.loads(line).items()}


@asynccontextmanager
async def following(address: str, secrets: list[str]) -> AsyncIterator[Followers]:
    """One client for each of `secrets`, all connected."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.following", address),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 26,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(("\n".join(secrets) + "\n\n").encode())
        await asyncio.wait_for(child.stdout.readline(), 60)
        yield Followers(child)
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


async def follow(address: str, secrets: list[str]) -> None:
    """Follow until the input ends."""
    told: defaultdict[int, list[float]] = defaultdict(list)
    there = [asyncio.Event() for _ in secrets]
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=address, limits=limits, timeout=None
    ) as client:

        async def one(secret: str, ready: asyncio.Event) -> None:
            headers = {"Cookie": f"session={secret}"}
            async with client.stream(
                "GET", "/api/v1/events", headers=headers
            ) as answer:
                kind = ""
                async for line in answer.aiter_lines():
                    ready.set()
                    if line.startswith("event: "):
                        kind = line.removeprefix("event: ")
                    elif line.startswith("data: ") and kind == "journal":
                        now = time()
                        for entry in json.loads(line.removeprefix("data: ")):
                            if entry["event"] == "opened":
                                told[entry["alert"]].append(now)

        tasks = [
            asyncio.create_task(one(secret, ready))
            for secret, ready in zip(secrets, there, strict=True)
        ]
        await asyncio.gather(*(ready.wait() for ready in there))
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    sessions = [line.strip() for line in iter(sys.stdin.readline, "\n")]
    asyncio.run(follow(sys.argv[1], sessions))
