"""One command to an alert: done, or refused in the same words for people and programs."""

from __future__ import annotations

from collections.abc import Callable

from alerting.life.commands import Outcome
from alerting.life.forms import Command
from alerting.life.life_cycle import derived
from alerting.life.permissions import possible_for
from dashboard.house import House
from dashboard.problems import Problem
from dashboard.texts import Texts
from domain.errors import (
    CommandError,
    ForbiddenError,
    InputError,
    StaleError,
    UnknownAlertError,
)
from domain.people import Person
from storage import alert_list


async def give(
    here: House,
    person: Person,
    command: Command,
    t: Texts,
    called: Callable[[str], str],
) -> Outcome:
    """Let it be done. Raises Problem, and nothing was changed.

    `called`: what whoever is told calls a command.
    """
    try:
        async with here.connection() as connection:
            return await here.carry_out(connection, person, command, here.clock.now())
    except UnknownAlertError as error:
        raise Problem(404) from error
    except (CommandError, ForbiddenError) as error:
        raise await _refused(here, person, command, error, t, called) from error
    except InputError as error:
        raise Problem(400, "problem.input", why=error) from error


async def _refused(
    here: House,
    person: Person,
    command: Command,
    error: InputError,
    t: Texts,
    called: Callable[[str], str],
) -> Problem:
    """Why nothing was done, how the alert is now, and what is possible instead."""
    async with here.seen_by(person) as connection:
        lines = await alert_list.lines(connection, [command.alert])
    if not lines:
        return Problem(404)
    head = lines[0].head
    status, kind = 409, "state"
    if isinstance(error, ForbiddenError):
        status, kind = 403, "role"
    elif isinstance(error, StaleError):
        kind = "stale"
    possible = possible_for(head, person)
    return Problem(
        status,
        f"problem.{kind}",
        kind=kind,
        more={"possible": possible, "revision": head.revision},
        id=head.id,
        command=called(command.name),
        revision=head.revision,
        state=t(f"alert-state.{derived(head)}"),
        possible=t("problem.and").join(map(called, possible)) or "—",
    )
