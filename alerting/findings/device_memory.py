"""What the ticker remembers of devices and of the box's deafness: a cache of the database.

It is read at the first need and after any doubt. What a unit changes is noted, and taken
over when the unit is committed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from alerting.findings.silence import Heard, Silent
from alerting.findings.troubles import CLOCK_AHEAD, CONFLICT, RULES, Trouble
from domain.listened import Deafness
from domain.registry import Device
from storage import findings, signs
from storage.findings import GoingOn
from storage.unit import Connection

Change: TypeAlias = tuple[dict[Any, Any], Any, Any]
"""A table of the memory, a key, and its value; None: there is none any more."""


@dataclass(slots=True)
class Memory:
    """What is known as of the last commit."""

    heard: dict[int, Heard] = field(default_factory=dict)
    """By device, of those that are ever expected to speak."""
    registered: dict[int, datetime] = field(default_factory=dict)
    """By device, of those never heard: when the box learnt of it."""
    silent: dict[int, Silent] = field(default_factory=dict)
    """By device: silences that go on."""
    troubles: dict[tuple[int, str], Trouble] = field(default_factory=dict)
    """By device and rule: conflicts and clocks ahead that go on."""
    left: dict[tuple[int, str], GoingOn] = field(default_factory=dict)
    """By device and rule: what goes on with a former owner, and has to end there."""
    deaf: dict[int, Deafness] = field(default_factory=dict)
    """By share: the newest deafness that was raised."""
    _noted: list[Change] = field(default_factory=list)

    def note(self, *changes: Change) -> None:
        """Note what the unit changes."""
        self._noted += changes

    def take_over(self) -> None:
        """The unit is committed: what was noted holds."""
        for table, key, value in self._noted:
            if value is None:
                table.pop(key, None)
            else:
                table[key] = value
        self._noted.clear()


async def recall(
    connection: Connection,
    share: int,
    devices: Mapping[int, Device],
    watched: Collection[int],
) -> Memory:
    """Read what is to be known of `devices`; when heard, of those `watched` for silence."""
    memory = Memory()
    last = await signs.last(connection, watched)
    memory.heard = {device: Heard(*one) for device, one in last.items()}
    never = set(watched) - last.keys()
    memory.registered = await signs.registered(connection, never) if never else {}
    going_on = await findings.going_on(connection, devices)
    latest = {
        CONFLICT: await signs.newest_conflict(connection, begun(going_on, CONFLICT)),
        CLOCK_AHEAD: await signs.newest_ahead(connection, begun(going_on, CLOCK_AHEAD)),
    }
    for one in going_on:
        if one.enterprise != devices[one.device].enterprise:
            memory.left[one.device, one.rule] = one
        elif one.rule in RULES:
            newest = latest[one.rule].get(one.device, one.start)
            trouble = Trouble(one.start, max(newest, one.start), one.suppressed)
            memory.troubles[one.device, one.rule] = trouble
        else:
            memory.silent[one.device] = Silent(one.start, one.will, one.rule)
    deaf = await findings.deafness(connection, share)
    memory.deaf = {share: deaf} if deaf else {}
    return memory


def begun(going_on: Collection[GoingOn], rule: str) -> dict[int, int]:
    """By device: the intake in which what goes on by `rule` began."""
    return {one.device: one.intake for one in going_on if one.rule == rule}
