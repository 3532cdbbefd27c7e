"""What leads from page to page, for whom. A new page is a line here and in pages/routes.py."""

from __future__ import annotations

from typing import Final, NamedTuple

from domain.people import Person, Role


class Entry(NamedTuple):
    """One page of the navigation; its text is `nav.{key}`."""

    key: str
    path: str
    roles: frozenset[Role] = frozenset(Role)
    """Who is led there; the page itself says who may."""


ADMINISTRATOR: Final = frozenset({Role.ADMINISTRATOR})
DEMO: Final = Entry("demo", "/demo", frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR}))
ENTRIES: Final = (
    Entry("overview", "/"),
    Entry("inbox", "/alerts"),
    Entry("points", "/points"),
    Entry("enterprises", "/enterprises"),
    Entry("connections", "/connections"),
    Entry("rules", "/rules"),
    Entry("users", "/users", ADMINISTRATOR),
)


def entries(person: Person | None, *, demo: bool) -> list[Entry]:
    """What is shown to `person`; the demo's page only in a demo."""
    if person is None:
        return []
    known = (*ENTRIES, DEMO) if demo else ENTRIES
    return [one for one in known if person.role in one.roles]


def current(path: str) -> str:
    """Key of the entry under which the page at `path` is found; "" for none."""
    below = [one for one in (*ENTRIES, DEMO) if one.path != "/"]
    for key, root in ((one.key, one.path) for one in below):
        if path == root or path.startswith(f"{root}/"):
            return key
    return ALIASES.get(path.split("/")[1], "")


ALIASES: Final = {"": "overview", "sites": "enterprises", "devices": "connections"}
"""First part of a path → the entry it belongs to."""
