"""People in words: what their role lets them see."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.display import Display
from domain.people import Person
from storage.places import EnterpriseName


def place(
    person: Person, enterprises: Mapping[int, EnterpriseName], show: Display
) -> str:
    """The region or the enterprise of a person; "" for who has neither."""
    if person.region is not None:
        return show.region(person.region)
    own = enterprises.get(person.enterprise or 0)
    return f"{show.texts.name(own, 'enterprise')} {own.enterprise_code}" if own else ""
