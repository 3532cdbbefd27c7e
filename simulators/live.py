"""Faults that are injected while a scenario plays: the request, the answer, both ways."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import uuid4

import aiomqtt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.errors import InputError, Unavailable
from domain.text import Text
from simulators.connection import connected, heeding
from simulators.faults import APPLICABLE, Fault, FaultKind

REQUESTS = "simulators/v1/faults"
ANSWERS = "simulators/v1/faults/answers"
ANSWER_WITHIN = 5.0
"""s of real time."""
DAY = 24 * 60


class FaultRequest(BaseModel):
    """What is published on `REQUESTS`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = ""
    """Comes back in the answer."""
    device: str
    fault: str
    minutes: float = Field(gt=0, le=DAY)
    """Duration in domain time."""


class FaultAnswer(BaseModel):
    """What is published on `ANSWERS`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = ""
    device: str = ""
    fault: str = ""
    accepted: bool
    zh: str = ""
    """Why not."""
    en: str = ""
    begin: datetime | None = None
    """Domain time."""
    end: datetime | None = None


def decide(
    payload: bytes, models: Mapping[str, str], *, start: datetime, now: datetime
) -> tuple[FaultAnswer, Fault | None]:
    """Answer a request to devices of these models (by key) that have played since `start`.

    The fault, if accepted, begins now. Both times are domain time.
    """
    try:
        request = FaultRequest.model_validate_json(payload)
    except ValidationError as error:
        what = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()
        )
        return FaultAnswer(
            accepted=False,
            zh="无法读取故障请求。",
            en=f"The request of a fault is unreadable: {what}",
        ), None
    refusal = _refuse(request, models)
    if refusal is not None:
        return _answer(request, accepted=False, zh=refusal.zh, en=refusal.en), None
    lasts = timedelta(minutes=request.minutes)
    fault = Fault(
        kind=FaultKind(request.fault),
        device=request.device,
        begin=now - start,
        end=now - start + lasts,
    )
    return _answer(request, accepted=True, begin=now, end=now + lasts), fault


async def inject(
    url: str,
    device: str,
    fault: str,
    duration: timedelta,
    *,
    within: float = ANSWER_WITHIN,
) -> FaultAnswer:
    """Ask the playing simulators for a fault, and return that they accepted it.

    Raises InputError where they refuse it, and Unavailable where nobody answers or the
    broker is away, `within` seconds of real time.
    """
    minutes = duration / timedelta(minutes=1)
    request = {"id": uuid4().hex, "device": device, "fault": fault, "minutes": minutes}
    try:
        asked = FaultRequest.model_validate(request)
    except ValidationError as error:
        raise InputError(
            zh="时长应在 0 与 24 小时之间。",
            en="A fault lasts between 0 and 24 h.",
        ) from error
    try:
        async with asyncio.timeout(within), connected(url) as client:
            answer = await _ask(client, asked)
    except TimeoutError as error:
        raise Unavailable("没有模拟器应答 · no simulators answered") from error
    except aiomqtt.MqttError as error:
        raise Unavailable(f"无法连接 · no connection to {url}: {error}") from error
    if not answer.accepted:
        raise InputError(zh=answer.zh, en=answer.en)
    return answer


async def _ask(client: aiomqtt.Client, request: FaultRequest) -> FaultAnswer:
    await heeding(client.subscribe(ANSWERS, qos=1))
    await heeding(client.publish(REQUESTS, request.model_dump_json(), qos=1))
    while True:
        message = await anext(client.messages)
        answer = FaultAnswer.model_validate_json(bytes(message.payload))
        if answer.id == request.id:
            return answer


def _refuse(request: FaultRequest, models: Mapping[str, str]) -> Text | None:
    model = models.get(request.device)
    if model is None:
        known = ", ".join(models)
        return Text(
            f"没有设备 {request.device!r}；已有：{known}。",
            f"There is no device {request.device!r}; there are {known}.",
        )
    possible = sorted(APPLICABLE[model])
    if request.fault not in possible:
        known = ", ".join(possible)
        return Text(
            f"{request.device} 不会发生 {request.fault!r}；可选：{known}。",
            f"{request.device} cannot have {request.fault!r}; choose {known}.",
        )
    return None


def _answer(
    request: FaultRequest,
    *,
    accepted: bool,
    zh: str = "",
    en: str = "",
    begin: datetime | None = None,
    end: datetime | None = None,
) -> FaultAnswer:
    return FaultAnswer(
        id=request.id,
        device=request.device,
        fault=request.fault,
        accepted=accepted,
        zh=zh,
        en=en,
        begin=begin,
        end=end,
    )
