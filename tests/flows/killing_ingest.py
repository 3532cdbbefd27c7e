"""The product's ingestor with a probe that kills it: `… POINT HIT FILE`.

At the HIT-th passing of POINT it writes the point's name to FILE and sends itself SIGKILL.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from blackbox import logs
from blackbox.app import ingest
from blackbox.settings import read


def main(point: str, hit: int, file: Path) -> None:
    passed = 0

    def probe(name: str) -> None:
        nonlocal passed
        passed += name == point
        if name == point and passed == hit:
            with file.open("a") as log:
                log.write(f"{point}\n")
            os.kill(os.getpid(), signal.SIGKILL)

    logs.configure("text")
    asyncio.run(ingest.run(read(), probe=probe))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
