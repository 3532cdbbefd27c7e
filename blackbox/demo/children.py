"""The demo's processes: `blackbox ingest` and the others, as children that end with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from blackbox.services.server import LAUNCHER
from domain.errors import Unavailable

PATIENCE = 10.0
"""Real seconds that a process may take to end."""
TAIL = 15
"""Lines of its log that are shown when a process fails."""


class Child:
    """One process of the demo; what it says goes to a log file."""

    def __init__(
        self, name: str, process: asyncio.subprocess.Process, log: Path
    ) -> None:
        """Watch `process`, which was started as `name`."""
        self.name = name
        self.process = process
        self.log = log

    async def stop(self) -> None:
        """Ask it to end; insist after a while."""
        if self.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(PATIENCE):
                await self.process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                self.process.kill()
            await self.process.wait()

    def failed(self) -> Unavailable:
        """What to say when it ended and should not have."""
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL:]
        text = "\n".join(lines)
        return Unavailable(f"{self.name} ended with {self.process.returncode}:\n{text}")


async def start(
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    directory: Path,
) -> Child:
    """Start `command` (a Python program's arguments) so that it ends when we do."""
    log = directory / f"{name}.log"
    launcher = [str(LAUNCHER), str(os.getpid()), str(int(signal.SIGTERM))]
    account = [str(os.getuid()), str(os.getgid()), str(Path.cwd())]
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            *launcher,
            *account,
            sys.executable,
            *command,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return Child(name, process, log)


async def until_one_fails(children: Sequence[Child]) -> None:
    """Wait; raises Unavailable as soon as one of them has ended."""
    waits = {asyncio.ensure_future(child.process.wait()): child for child in children}
    try:
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    raise waits[done.pop()].failed()


async def until_ended(
    needed: Child, others: Sequence[Child], say: Callable[[str], None]
) -> None:
    """Wait; raises Unavailable as soon as `needed` has ended. Of the others it is said."""

    async def mourn(child: Child) -> None:
        await child.process.wait()
        say(str(child.failed()))

    mourning = [asyncio.ensure_future(mourn(child)) for child in others]
    try:
        await until_one_fails([needed])
    finally:
        for each in mourning:
            each.cancel()
