"""Cursors: where the next page of a listing begins. Opaque to clients; pure.

A cursor is the sort key of the last entry shown, as whole numbers. It opens nothing that
the asker may not see: the next page is read through the same scope as the first.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from dashboard.api.models import Page
from dashboard.problems import Problem

Line = TypeVar("Line")
Item = TypeVar("Item")

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def encode(*key: int | datetime) -> str:
    """The cursor after the entry with this sort key."""
    numbers = [
        (k - EPOCH) // MICROSECOND if isinstance(k, datetime) else k for k in key
    ]
    return (
        base64.urlsafe_b64encode(_packing(len(key)).pack(*numbers)).decode().rstrip("=")
    )


def decode(cursor: str, length: int) -> tuple[int, ...]:
    """The `length` numbers of a sort key. Raises Problem 400 for none of our cursors."""
    packing = _packing(length)
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        return packing.unpack(raw)
    except (binascii.Error, struct.error) as error:
        raise Problem(400, "problem.cursor") from error


def time(number: int) -> datetime:
    """The time in a sort key. Raises Problem 400 for one that no calendar of ours has."""
    try:
        return EPOCH + number * MICROSECOND
    except OverflowError as error:
        raise Problem(400, "problem.cursor") from error


def number(cursor: str | None) -> int | None:
    """The number in the cursor of a listing by number; None: from the beginning."""
    return None if cursor is None else decode(cursor, 1)[0]


def page(
    found: list[Line],
    limit: int,
    item: Callable[[Line], Item],
    key: Callable[[Line], tuple[int | datetime, ...]],
) -> Page[Item]:
    """The first `limit` of `found`; one line more tells that another page follows."""
    following = encode(*key(found[limit - 1])) if len(found) > limit else None
    return Page(items=[item(line) for line in found[:limit]], next=following)


def _packing(length: int) -> struct.Struct:
    return struct.Struct(f">{length}q")
