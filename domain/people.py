"""People: who signs in, what they may see, and as whom they act."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.errors import InputError

NAME: Final = re.compile(r"[a-z][a-z0-9_.-]{1,39}")
"""A name to sign in with; it is the actor of the journal, and part of no path or address."""
RESERVED: Final = frozenset({"system"})


class Role(StrEnum):
    """What somebody is there for."""

    ADMINISTRATOR = "administrator"
    """Users, registry, channels; no commands to alerts."""
    SUPERVISOR = "supervisor"
    """Works the alerts of a region and of all below it."""
    ENTERPRISE = "enterprise"
    """Sees its own, comments and answers."""
    AUDITOR = "auditor"
    """Reads everything, with the trail."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be seen: sites of a range of regions, or of one enterprise. Enforced in SQL."""

    low: int
    """First region code (GB/T 2260, six digits as a number) that is seen."""
    high: int
    """Last one; below `low`: none."""
    enterprise: int | None = None
    """Number of the enterprise whose own is seen."""
    box: bool = True
    """Whether the box's own alerts are seen."""


EVERYTHING: Final = Scope(0, 999_999)
"""Also what has no site yet."""
NOTHING: Final = Scope(1, 0, box=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody who may sign in, or is told."""

    id: int
    name: str
    """Unique for good: nobody is ever removed."""
    full_name: str
    role: Role
    region: str | None
    """Of a supervisor: GB/T 2260, six digits; 330000 is a whole province."""
    enterprise: int | None
    """Of an enterprise's user: its number."""
    language: str
    """`zh` or `en`."""
    disabled: bool = False

    @property
    def scope(self) -> Scope:
        """What this person may see."""
        if self.disabled:
            return NOTHING
        if self.role is Role.ENTERPRISE:
            return Scope(1, 0, self.enterprise, box=False)
        if self.role is Role.SUPERVISOR:
            assert self.region is not None
            return subtree(self.region)
        return EVERYTHING


def subtree(region: str) -> Scope:
    """The scope of a region (GB/T 2260, six digits) with all below it."""
    digits = region
    while digits and digits.endswith("00"):
        digits = digits[:-2]
    return Scope(int(digits.ljust(6, "0")), int(digits.ljust(6, "9")))


def checked_name(name: str) -> str:
    """`name`, if somebody can be called so. Raises InputError."""
    if not NAME.fullmatch(name) or name in RESERVED:
        raise InputError(
            f"用户名 {name!r} 不可用：2–40 个小写字母、数字或 . _ -，以字母开头。"
            f" {name!r} is no user name: 2 to 40 lower-case letters, digits, or . _ -,"
            " beginning with a letter."
        )
    return name
