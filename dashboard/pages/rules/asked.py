"""What somebody asks to be tried: points, a stretch of time, and limits. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Final, NamedTuple

from starlette.datastructures import QueryParams

from alerting.trial import Question
from dashboard.display import Display
from dashboard.problems import Problem
from domain.characters import printable
from rules.rule import AnyRule

LONGEST: Final = timedelta(days=31)
USUAL: Final = timedelta(days=7)
MOST: Final = 10
"""Points."""
YEARS: Final = range(2000, 2200)
WIDEST: Final = 40
"""Characters of a limit."""
FIXED: Final = frozenset({"name", "severity"})
"""Fields of a level that are not tried."""


class Field(NamedTuple):
    """A field of a level, as the form has it."""

    level: str
    name: str
    """As in YAML: docs/rules.md."""
    old: Any
    """As the catalogue has it."""
    value: str
    """As it was filled in."""

    @property
    def key(self) -> str:
        """Its name in the form."""
        return f"{self.level}.{self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The form as it was filled in."""

    points: tuple[int, ...]
    since: str
    """In the viewer's zone, `2026-11-22T08:00`; so is `until`."""
    until: str
    own_limits: bool
    """Whether `fields` are tried, instead of what is in force."""
    fields: tuple[Field, ...]
    search: str
    everywhere: bool
    """Whether points are offered that the rule does not judge."""
    filled_in: bool
    """Whether it is to be tried; else the form is shown."""

    @property
    def levels(self) -> dict[str, list[Field]]:
        """The fields by level."""
        return {
            level: list(some)
            for level, some in groupby(self.fields, key=lambda one: one.level)
        }

    def question(self, rule: AnyRule, show: Display) -> Question:
        """What is to be tried. Raises Problem 400."""
        if not self.points:
            raise Problem(400, "rules.trial.none")
        since, until = moment(self.since, show), moment(self.until, show)
        until = min(until, show.now)
        if since >= until:
            raise Problem(400, "rules.trial.reversed")
        if show.local(until) - show.local(since) > LONGEST:  # by the clock on the wall
            raise Problem(400, "rules.trial.long", n=LONGEST.days)
        if len(self.points) > MOST:
            raise Problem(400, "rules.trial.many-points", n=MOST)
        return Question(
            rule=rule.key,
            since=since,
            until=until,
            limits=overrides(self.fields) if self.own_limits else None,
        )


def read(query: QueryParams, rule: AnyRule, show: Display) -> Asked:
    """The form, from an address; what is not given is as it is usual. Raises Problem 400."""
    now = show.local(show.now)
    return Asked(
        points=tuple(dict.fromkeys(map(_number, query.getlist("point")))),
        since=query.get("from", f"{now - USUAL:%Y-%m-%dT%H:%M}"),
        until=query.get("until", f"{now:%Y-%m-%dT%H:%M}"),
        own_limits=query.get("limits") == "own",
        fields=tuple(
            one._replace(value=_text(query.get(one.key, one.value)))
            for one in fields(rule)
        ),
        search=_text(query.get("q", "")),
        everywhere="everywhere" in query,
        filled_in="from" in query and "find" not in query,
    )


def fields(rule: AnyRule) -> Iterator[Field]:
    """What can be changed of the rule, as it is."""
    for level in rule.levels:
        for name, value in level.model_dump(mode="json").items():
            if name not in FIXED and value is not None:
                yield Field(level.name, name, value, _written(value))


def _written(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower()


def overrides(given: tuple[Field, ...]) -> Mapping[str, Any]:
    """Level → field → value, as the catalogue takes them. Raises Problem 400."""
    found: dict[str, dict[str, Any]] = {}
    for one in given:
        if one.value.strip() != _written(one.old):
            found.setdefault(one.level, {})[one.name] = _value(one)
    return found


def _value(given: Field) -> Any:
    """What the text stands for: such a value as the old one."""
    text = given.value.strip()
    if isinstance(given.old, bool):
        return text == "true"
    if isinstance(given.old, str):
        return text
    try:
        return int(text) if isinstance(given.old, int) else float(text)
    except ValueError as error:
        name = f"{given.level}, {given.name}"
        raise Problem(400, "rules.trial.number", field=name) from error


def moment(text: str, show: Display) -> datetime:
    """A time as a browser's field writes it, in the viewer's zone. Raises Problem 400."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise Problem(400, "rules.trial.time") from error
    if time.year not in YEARS:
        raise Problem(400, "rules.trial.time")
    return (time if time.tzinfo else time.replace(tzinfo=show.zone)).astimezone(UTC)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < WIDEST):
        raise Problem(404)
    number = int(text)
    if not 0 < number < 2**31:
        raise Problem(404)
    return number


def _text(text: str) -> str:
    if len(text) > WIDEST or not all(map(printable, text)):
        raise Problem(400, "form.unprintable")
    return text
