"""The product's processes as children of a test, with the settings that the test gives."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

PATIENCE = 20.0
"""Real seconds in which a process that is told to end does."""


@asynccontextmanager
async def running(
    command: Sequence[str], log: Path, **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m …` with BLACKBOX_ settings; ended when the test leaves."""
    own = {f"BLACKBOX_{name.upper()}": value for name, value in settings.items()}
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *command,
            env={**os.environ, **own},
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), PATIENCE)
            except TimeoutError:
                process.kill()
                await process.wait()
                raise AssertionError(f"{command} did not end") from None
