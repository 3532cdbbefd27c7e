"""What a command to an alert must say, whoever gives it. Pure, and judged before all else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import UUID

from alerting.life.life_cycle import COMMANDS
from alerting.telling.texts import EVENTS
from domain.characters import printable
from domain.documents import document
from domain.errors import InputError

LONGEST: Final = 1000
"""Characters of a text."""
TEXTS: Final = ("reason", "assignee", "cause", "action")
FIELDS: Final = (*TEXTS, "until")
CHINESE: Final[Mapping[str, str]] = {
    "reason": "理由",
    "assignee": "转办给",
    "cause": "原因",
    "action": "措施",
    "until": "搁置至",
}
"""Names of the fields; the English ones are their own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """What somebody asks for."""

    id: UUID
    """The client's: what comes again under the same is not done again."""
    alert: int
    name: str
    """One of `FORMS`."""
    revision: int | None = None
    """Of the alert, as the person saw it; None: whatever it is by now."""
    reason: str | None = None
    """Why; the text of a comment."""
    assignee: str | None = None
    """Name of a person."""
    cause: str | None = None
    """Of what happened, as the enterprise found it."""
    action: str | None = None
    """What the enterprise has done about it."""
    until: datetime | None = None
    """Aware: the end of a shelving."""


class Form(NamedTuple):
    """The fields of a command."""

    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


FORMS: Final[Mapping[str, Form]] = {
    "acknowledge": Form(may=("reason",)),
    "assign": Form(needs=("assignee",), may=("reason",)),
    "answer": Form(needs=("cause", "action")),
    "send-back": Form(needs=("reason",)),
    "close": Form(may=("reason",)),
    "shelve": Form(needs=("until", "reason")),
    "unshelve": Form(may=("reason",)),
    "comment": Form(needs=("reason",)),
}
"""By name of the command. Closing without an answer needs a reason, too: `commands.py`."""


def checked(command: Command) -> Command:
    """`command`, its texts as they are kept. Raises InputError that says what is wrong."""
    form = FORMS.get(command.name)
    if form is None:
        known = ", ".join(FORMS)
        raise InputError(
            zh=f"没有这样的操作；可用：{known}。",
            en=f"There is no such command; there are: {known}.",
        )
    texts = {name: kept(name, getattr(command, name)) for name in TEXTS}
    command = replace(command, **texts)
    given = [name for name in FIELDS if getattr(command, name) is not None]
    missing = [name for name in form.needs if name not in given]
    if missing:
        raise InputError(
            zh=f"“{_name(command)}”须写明：{_chinese(missing)}。",
            en=f"{command.name} needs: {', '.join(missing)}.",
        )
    strange = [name for name in given if name not in (*form.needs, *form.may)]
    if strange:
        raise InputError(
            zh=f"“{_name(command)}”不接受：{_chinese(strange)}。",
            en=f"{command.name} takes no {', '.join(strange)}.",
        )
    if command.until is not None and command.until.tzinfo is None:
        raise InputError(
            zh=f"{CHINESE['until']}：时间须带时区，如 +08:00。",
            en="until: the time needs an offset, as +08:00.",
        )
    return command


def _name(command: Command) -> str:
    return EVENTS[COMMANDS[command.name]].zh


def _chinese(fields: Iterable[str]) -> str:
    return "、".join(CHINESE[name] for name in fields)


def kept(name: str, text: str | None) -> str | None:
    """`text` as it can be kept for good; None: there is none. Raises InputError."""
    if text is None:
        return None
    if len(text) > LONGEST:
        raise InputError(
            zh=f"{CHINESE[name]}：最多 {LONGEST} 个字符。",
            en=f"{name}: at most {LONGEST} characters.",
        )
    text = text.replace("\r\n", "\n").strip()
    if not all(printable(character) for character in text):
        raise InputError(
            zh=f"{CHINESE[name]}：含有控制字符或无效字符，请删去。",
            en=f"{name}: has control characters or invalid ones; remove them.",
        )
    return text or None


def digest(command: Command) -> bytes:
    """SHA-256 of all that is asked: the same id must ask the same."""
    until = command.until and command.until.isoformat()
    asked = asdict(command) | {"id": str(command.id), "until": until}
    return sha256(document(asked).encode()).digest()
