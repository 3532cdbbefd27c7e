"""Who may give which command to an alert. Pure. What is seen at all: storage/scope.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from alerting.life.life_cycle import COMMANDS, possible
from domain.alerts import Alert
from domain.people import Person, Role

MAY: Final[Mapping[Role, frozenset[str]]] = {
    Role.SUPERVISOR: frozenset(COMMANDS) - {"answer"},
    Role.ENTERPRISE: frozenset({"answer", "comment"}),
    Role.ADMINISTRATOR: frozenset(),
    Role.AUDITOR: frozenset(),
}


def possible_for(head: Alert, person: Person) -> tuple[str, ...]:
    """The commands that `head` allows now and `person` may give."""
    return tuple(name for name in possible(head) if name in MAY[person.role])
