"""A walk over every operation as every role: what is foreign answers exactly as what is not.

Operations come from the OpenAPI document. One that `ASKED` does not know fails the walk: add
it there, with what it needs to be asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import httpx
import pytest

from tests.api.world import API, FOREIGN, MARKS, OURS, ROLES, SCOPED, Api

STRETCH = {"from": "2026-11-22T00:00:00Z", "to": "2026-11-23T00:00:00Z"}
COMMENT = {
    "id": "7f6c3a52-0b56-4a57-9d55-0d5f5f0c2b11",
    "name": "comment",
    "reason": "x",
}


@dataclass(frozen=True)
class Asked:
    """What an operation is asked with."""

    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    roles: tuple[str, ...] = ROLES
    """Whom it answers well."""


ADMINISTRATOR = ("administrator",)
ASKED = {
    "list_alerts": Asked(),
    "count_alerts": Asked(),
    "export_alerts": Asked(),
    "get_alert": Asked(),
    "get_alert_journal": Asked(),
    "get_alert_readings": Asked(),
    "command_alert": Asked(body=COMMENT, roles=SCOPED),
    "list_incidents": Asked(),
    "get_incident": Asked(),
    "list_points": Asked(),
    "get_point": Asked(),
    "get_point_readings": Asked(query=STRETCH),
    "list_sites": Asked(),
    "get_site": Asked(),
    "list_enterprises": Asked(),
    "get_enterprise": Asked(),
    "list_regions": Asked(),
    "get_region": Asked(),
    "list_rules": Asked(),
    "get_me": Asked(),
    "list_users": Asked(roles=ADMINISTRATOR),
    "add_user": Asked(
        body={"name": "new", "full_name": "New", "role": "auditor"}, roles=ADMINISTRATOR
    ),
    "change_user": Asked(body={"full_name": "Changed"}, roles=ADMINISTRATOR),
    "change_my_password": Asked(  # nobody of these has one
        body={"old": "none", "password": "long enough for a test"}, roles=()
    ),
    "set_user_password": Asked(
        body={"password": "long enough for a test"}, roles=ADMINISTRATOR
    ),
    "list_tokens": Asked(),
    "issue_token": Asked(body={"label": "test"}),
    "revoke_token": Asked(),
    "follow_events": Asked(),
}
ENDLESS = {"follow_events"}
"""Of what never ends, the beginning is an answer."""
FILTERS = ("enterprise", "site", "point", "region", "incident")
"""Parameters of a query that name things."""


@dataclass(frozen=True)
class Operation:
    """One of the document's."""

    id: str
    method: str
    path: str
    filters: tuple[str, ...]

    @property
    def names(self) -> str | None:
        """The kind of thing that its path names."""
        return self.path.partition("{")[2].partition("}")[0] or None


async def document(api: Api) -> dict[str, Any]:
    return await api.get("/openapi.json")


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            parameters = {one["name"] for one in operation.get("parameters", ())}
            if "{" not in path:
                parameters &= set(FILTERS)
                filters = tuple(sorted(parameters))
            else:
                filters = ()
            yield Operation(operation["operationId"], method, path, filters)


async def things(api: Api, role: str) -> dict[str, tuple[Any, Any, Any]]:
    """By kind: one of ours, one foreign, one that is not."""
    foreign = await api.rows(
        "SELECT a.id, a.point, a.site, a.incident FROM alert a JOIN enterprise e ON e.id = a.enterprise"
        " WHERE e.code = %(code)s",
        code=FOREIGN,
    )
    ours = await api.rows(
        "SELECT a.id, a.point, a.site, a.incident FROM alert a JOIN enterprise e ON e.id = a.enterprise"
        " WHERE e.code = %(code)s ORDER BY a.id",
        code=OURS,
    )
    own, others = await api.rows(
        "SELECT t.id FROM api_token t JOIN person p ON p.id = t.person"
        " WHERE p.name IN (%(name)s, %(other)s) ORDER BY p.name <> %(name)s",
        name=role,
        other="auditor" if role != "auditor" else "supervisor",
    )
    kinds = ("alert", "point", "site", "incident")
    found: dict[str, tuple[Any, Any, Any]] = {
        kind: (mine, theirs, 987_654)
        for kind, mine, theirs in zip(kinds, ours[0], foreign[0], strict=True)
    }
    return found | {
        "code": (OURS, FOREIGN, "91110000600037341L"),
        "enterprise": (OURS, FOREIGN, "91110000600037341L"),
        "region": ("330106", "330203", "440100"),
        "name": ("auditor", "supervisor", "nobody-at-all"),
        "token": (own[0], others[0], 987_654),
    }


async def ask(
    api: Api, role: str, operation: Operation, thing: object, **query: object
) -> httpx.Response:
    asked = ASKED[operation.id]
    path = operation.path.replace("{" + (operation.names or "") + "}", str(thing))
    request = api.clients[role].build_request(
        operation.method,
        path,
        params={**asked.query, **{k: str(v) for k, v in query.items()}},
        json=asked.body,
    )
    if operation.id not in ENDLESS:
        return await api.clients[role].send(request)
    answer = await api.clients[role].send(request, stream=True)
    async with aclosing(answer):
        beginning = await anext(answer.aiter_text())
    return httpx.Response(answer.status_code, text=beginning)


def told(answer: httpx.Response, thing: object) -> tuple[int, str]:
    """The answer, but for the number of what was asked for."""
    return answer.status_code, answer.text.replace(f"/{thing}", "/…")


async def test_every_operation_has_a_case(calm: Api) -> None:
    assert {one.id for one in operations(await document(calm))} == set(ASKED)


@pytest.mark.parametrize("role", ROLES)
async def test_own_is_answered_and_nothing_foreign_with_it(api: Api, role: str) -> None:
    own = await things(api, role)
    for operation in sorted(
        operations(await document(api)), key=lambda one: one.method == "delete"
    ):
        thing = own[operation.names][0] if operation.names else None
        answer = await ask(api, role, operation, thing)
        well = role in ASKED[operation.id].roles
        where = (operation.id, answer.text)
        assert (answer.status_code in (200, 201, 204)) == well, where
        assert well or answer.status_code == 403, where
        if role in SCOPED:
            assert not [mark for mark in MARKS if mark in answer.text], where


@pytest.mark.parametrize("role", ROLES)
async def test_foreign_answers_as_unknown(api: Api, role: str) -> None:
    kinds = await things(api, role)
    for operation in operations(await document(api)):
        if operation.names is None:
            continue
        own, foreign, unknown = kinds[operation.names]
        answers = [
            told(await ask(api, role, operation, thing), thing)
            for thing in (foreign, unknown)
        ]
        if role in SCOPED or operation.names == "token":
            assert answers[0] == answers[1], operation.id
            assert answers[0][0] in (403, 404), operation.id
        assert answers[1][0] in (403, 404), (operation.id, own)


@pytest.mark.parametrize("role", SCOPED)
async def test_filters_find_nothing_foreign(calm: Api, role: str) -> None:
    kinds = await things(calm, role)
    for operation in operations(await document(calm)):
        for name, open_ in product(operation.filters, ("true", "false")):
            _, foreign, unknown = kinds[name]
            more = {"open": open_} if "alerts" in operation.path else {}
            answers = [
                told(
                    await ask(calm, role, operation, None, **{name: thing}, **more),
                    thing,
                )
                for thing in (foreign, unknown)
            ]
            assert answers[0] == answers[1], (operation.id, name)
            assert answers[0][0] == 200, (operation.id, name)


@pytest.mark.parametrize("role", SCOPED)
@pytest.mark.parametrize("word", ["Vaccine", "clinic", FOREIGN, "box"])
async def test_search_finds_nothing_foreign(calm: Api, role: str, word: str) -> None:
    for path in ("/alerts", "/points", "/sites", "/enterprises"):
        assert (await calm.get(path, role, q=word))["items"] == []
    counts = await calm.get("/alerts/count", role, q=word)
    assert sum(one["alerts"] for one in counts.values()) == 0


async def test_nobody_is_answered_nothing(calm: Api) -> None:
    async with httpx.AsyncClient(base_url=calm.site.address) as nobody:
        for operation in operations(await document(calm)):
            path = operation.path.replace("{" + (operation.names or "") + "}", "1")
            answer = await nobody.request(
                operation.method, path, json=ASKED[operation.id].body
            )
            assert answer.status_code in (400, 401), operation.id
        assert (await nobody.get(f"{API}/openapi.json")).status_code == 401
