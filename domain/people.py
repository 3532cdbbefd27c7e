"""People: who signs in, what they may see, and as whom they act."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.errors import InputError
from domain.regions import PROVINCES, region_problem
from domain.text import Text

NAME: Final = re.compile(r"[a-z][a-z0-9_.-]{1,39}")
"""A name to sign in with; it is the actor of the journal, and part of no path or address."""
RESERVED: Final = frozenset({"system", "duty", "default"})
"""Actor of what the box does by itself; recipients that the settings name, who are nobody."""
FULL_NAME: Final = 80
"""Characters at most."""
LANGUAGES: Final = frozenset({"zh", "en"})


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
            zh=f"用户名 {name!r} 不可用：2–40 个小写字母、数字或 . _ -，以字母开头。",
            en=(
                f"{name!r} is no user name: 2 to 40 lower-case letters, digits, or"
                " . _ -, beginning with a letter."
            ),
        )
    return name


def checked(person: Person) -> Person:
    """`person`, if there can be such a one. Raises InputError that says what is wrong."""
    checked_name(person.name)
    problem = (
        _text_problem(person.full_name)
        or _place_problem(person)
        or (
            None
            if person.language in LANGUAGES
            else Text("语言须为 zh 或 en。", "A language is zh or en.")
        )
    )
    if problem:
        raise InputError(**problem._asdict())
    return person


def _text_problem(full_name: str) -> Text | None:
    printable = full_name.isprintable() and full_name == full_name.strip()
    if printable and 1 <= len(full_name) <= FULL_NAME:
        return None
    return Text(
        f"姓名须为 1–{FULL_NAME} 个可显示的字符。",
        f"The full name must be 1 to {FULL_NAME} printable characters.",
    )


def _place_problem(person: Person) -> Text | None:
    """A supervisor has a region, an enterprise's user an enterprise, the others neither."""
    if (person.role is Role.SUPERVISOR) != (person.region is not None):
        return Text(
            "监管人员须有辖区，其他角色不得有。",
            "A supervisor has a region; no other role has one.",
        )
    if (person.role is Role.ENTERPRISE) != (person.enterprise is not None):
        return Text(
            "企业用户须有企业，其他角色不得有。",
            "An enterprise's user has an enterprise; no other role has one.",
        )
    if person.region is not None and not _is_region(person.region):
        return Text(
            f"辖区须为 GB/T 2260 的六位代码（330000 为全省），而非 {person.region!r}。",
            "A region is the six digits of GB/T 2260 (330000: a whole province),"
            f" not {person.region!r}.",
        )
    return None


def _is_region(code: str) -> bool:
    """Whether it is a province, a prefecture or a county of GB/T 2260."""
    if not re.fullmatch(r"[0-9]{6}", code) or code[:2] not in PROVINCES:
        return False
    if code[2:4] == "00":
        return code[4:] == "00"
    return region_problem(code if code[4:] != "00" else f"{code[:4]}01") is None
