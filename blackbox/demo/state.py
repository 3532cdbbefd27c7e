"""What a running demo leaves for other commands: where its broker, database and page are."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from domain.errors import InputError

NAME = "running.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A demo that runs."""

    database_url: str
    """Of the owner."""
    mqtt_url: str
    page: str
    clock: str

    def save(self, directory: Path) -> None:
        """Leave word in the demo's directory, for its user only."""
        path = directory / NAME
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)))


def forget(directory: Path) -> None:
    """Take the word back."""
    (directory / NAME).unlink(missing_ok=True)


def find(directory: Path) -> Running:
    """The demo that runs on `directory`. Raises InputError if there is none."""
    path = directory / NAME
    if not path.is_file():
        raise InputError(
            zh=(
                "没有正在运行的演示；请先 make demo，或设置 BLACKBOX_DATABASE_URL"
                " 和 BLACKBOX_MQTT_URL。"
            ),
            en=(
                "No demo is running: start one with make demo, or set BLACKBOX_DATABASE_URL"
                " and BLACKBOX_MQTT_URL."
            ),
        )
    return Running(**json.loads(path.read_text()))
