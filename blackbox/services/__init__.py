"""Embedded services for demo and tests: a database and a broker that need no installation.

State lies outside the clone, in a directory that the servers' own accounts can enter and
whose path may be long; sockets lie in a short one, since their paths may not.
"""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_state_path

from blackbox.services.server import make_enterable

SYSTEM_STATE = Path("/var/lib/blackbox")


def state_directory(name: str, base: Path | None = None) -> Path:
    """The directory that keeps the state called `name` between starts; made if missing.

    `base` (the setting BLACKBOX_STATE_DIR) defaults to the system's place for root, and
    to the user's own otherwise.
    """
    root = os.geteuid() == 0
    base = base or (SYSTEM_STATE if root else user_state_path("blackbox"))
    directory = base.absolute() / name
    make_enterable(directory)
    return directory
