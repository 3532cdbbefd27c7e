"""Where people see an alert. Pure."""

from __future__ import annotations

from collections.abc import Callable


def linked(public_url: str | None) -> Callable[[int], str] | None:
    """The address of an alert by its number, below that at which people reach the dashboard.

    None: nobody has said which that is.
    """
    if public_url is None:
        return None
    return lambda alert: f"{public_url.rstrip('/')}/alerts/{alert}"
