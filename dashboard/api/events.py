"""`GET /api/v1/events`: what happens to alerts, as it happens (docs/events.md)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dashboard.api.fields import Here
from dashboard.audience import AT_MOST, PER_PERSON, Client
from dashboard.identity import Me, credential
from dashboard.problems import Problem
from dashboard.pulse import Reason, State
from dashboard.stream import Stream
from domain.alerts import Event
from domain.alerts import State as AlertState
from domain.rules import Severity

SEND_WITHIN: Final = 20.0
"""Seconds that a client may take to accept one event."""
TYPE: Final = "text/event-stream"
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Nothing on the way may keep events back, nginx in particular."""


def _object(**properties: Any) -> dict[str, Any]:
    """Schema of an object that has just these."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "journal": {
        "type": "array",
        "minItems": 1,
        "items": _object(
            alert={"type": "integer"},
            n={"type": "integer", "minimum": 1},
            event={"enum": [*Event]},
            severity={"enum": [one.name.lower() for one in Severity]},
            state={"enum": [*AlertState]},
        ),
    },
    "pulse": _object(
        state={"enum": [*State]},
        reason={"enum": [None, *Reason]},
        share={"type": ["string", "null"]},
        age={"type": ["number", "null"], "minimum": 0},
        waiting={"type": "integer", "minimum": 0},
        mark={"type": "string"},
    ),
    "renew": _object(),
}
"""JSON schema of each type of event's data."""
DESCRIPTION: Final = f"""\
Server-sent events; each has `id`, `event` and `data` (JSON, schemas under `x-events`).

- `journal`: what one transaction wrote into the journals of alerts that you may see.
- `pulse`: each second, whether the box is well. Five seconds without one: the connection is lost.
- `renew`: you may have missed something; read anew what you hold, then go on.

Come back with the last id as `Last-Event-ID` (browsers do) or `after`, and nothing is missed;
an entry may come twice: (alert, n) tells. The stream ends within a minute when the sign-in
ends or its person is disabled or changed. At most {PER_PERSON} streams per person."""
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Events, until either side ends.",
        "content": {TYPE: {"schema": {"type": "string"}, "x-events": SCHEMAS}},
    },
    429: {"description": f"This person has {PER_PERSON} streams open."},
    503: {"description": f"{AT_MOST} streams are open, or the database is away."},
}
Position = Annotated[int | None, Query(ge=0, lt=2**63)]
LastEventId = Annotated[int | None, Header(alias="Last-Event-ID", ge=0, lt=2**63)]

router = APIRouter(tags=["events"])


@router.get(
    "/events",
    response_class=Response,
    responses=RESPONSES,
    description=DESCRIPTION,
    summary="Follow what happens",
)
async def follow_events(
    request: Request,
    here: Here,
    person: Me,
    after: Position = None,
    last_event_id: LastEventId = None,
) -> Response:
    """The live stream, from `last_event_id`, else `after`, else now on."""
    client = Client(person, credential(request, here))
    start = after if last_event_id is None else last_event_id
    return EventStream(here.stream, client, start)


class EventStream(Response):
    """Ends when the client goes, stops reading, or may no longer see."""

    def __init__(self, stream: Stream, client: Client, after: int | None) -> None:
        """Nothing is followed before the response is sent."""
        super().__init__(media_type=TYPE, headers=HEADERS)
        del self.headers["content-length"]
        self._stream = stream
        self._client = client
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until either side ends. Raises Problem 429 or 503 where all is taken."""
        if status := self._stream.refuses(self._client.person):
            raise Problem(status, f"stream.{status}", n=PER_PERSON)
        async with self._stream.joined(self._client, self._after) as events:
            tasks = [
                asyncio.create_task(self._send(events, send)),
                asyncio.create_task(_gone(receive)),
            ]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, events: AsyncIterator[bytes], send: Send) -> None:
        start = {"type": "http.response.start", "status": 200}
        await send(start | {"headers": self.raw_headers})
        async for data in events:
            async with asyncio.timeout(SEND_WITHIN):
                await send(body(data, more=True))
        await send(body(b"", more=False))


def body(data: bytes, *, more: bool) -> dict[str, Any]:
    """An ASGI message with a piece of the body."""
    return {"type": "http.response.body", "body": data, "more_body": more}


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
