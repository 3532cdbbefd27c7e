"""Where people see an alert. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Link: TypeAlias = Callable[[int], str | None]
"""The address at which an alert, by its number, is seen; None: there is none."""


def linked(public_url: str | None) -> Link:
    """Links below the address under which people reach the dashboard."""

    def link(alert: int) -> str | None:
        return public_url and f"{public_url.rstrip('/')}/?alert={alert}"

    return link
