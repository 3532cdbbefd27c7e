"""The log as a channel: a line per notification. Needs nothing, and so always works."""

from __future__ import annotations

import logging
from typing import Final

from domain.alerts import Delivery

LOGGER: Final = logging.getLogger("blackbox.notification")


class Log:
    """Writes each delivery to a logger."""

    def __init__(self, logger: logging.Logger = LOGGER) -> None:
        """Write to `logger`, at the level of warnings."""
        self._logger = logger

    async def send(self, delivery: Delivery) -> None:
        """Log the text in both languages, as one line, with what identifies it."""
        text = delivery.body["text"]
        self._logger.warning(
            "%s ‖ %s",
            " | ".join(text["zh"].splitlines()),
            " | ".join(text["en"].splitlines()),
            extra={
                "delivery": delivery.id,
                "recipient": delivery.recipient,
                "event": delivery.body["event"],
                "severity": delivery.body["severity"],
            },
        )
