"""Makes the dump of this version: `python -m tests.dumps.make VERSION`, from the repository.

The database of a short headless demo, as plain SQL. Kept for ever, so that every later
version can be shown to take up the data of this one.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from blackbox.demo.run import run
from blackbox.demo.surroundings import Options
from blackbox.services.postgres import EmbeddedPostgres, wheel_binaries
from blackbox.settings import Settings

HERE = Path(__file__).parent


def main(version: str) -> None:
    with TemporaryDirectory(prefix="blackbox-dump-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        with EmbeddedPostgres(directory / "postgres") as postgres:
            settings = Settings(database_url=postgres.url())
            options = Options(scenario="short", seconds=10, headless=True)
            outcome = asyncio.run(run(settings, options))
            assert outcome is not None
            assert outcome.good, outcome.table()
            command = [wheel_binaries() / "pg_dump", "--no-owner", postgres.url()]
            dump = subprocess.check_output(command, env=dict(os.environ))
    (HERE / f"{version}.sql.gz").write_bytes(gzip.compress(dump, mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])
