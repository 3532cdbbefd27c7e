"""The product's ingestor with a broken part: `… NAME` of `tests/mutants.py`."""

from __future__ import annotations

import sys

from blackbox.app import ingest
from blackbox.commands.running import serve
from blackbox.settings import read
from tests.mutants import BROKEN

if __name__ == "__main__":
    settings = read()
    serve(ingest.run(settings, **BROKEN[sys.argv[1]]), settings)
