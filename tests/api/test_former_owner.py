"""Whoever owned a site once sees on no page what came after, nor whose it is by now."""

from __future__ import annotations

import json
from datetime import timedelta

from ingest.door import Message
from ingest.requests import carry_out
from storage import requests
from tests.api.test_page_walk import ASKED, HTML, WALKED, ask, names
from tests.api.world import FOREIGN, MARKS, OURS, Api, send

AFTER = ("19.9", "of-the-heir", "0571-99")
"""What only the time after knows: a value, a refused key, whom one calls there."""
SITE = """
SELECT s.id, s.key, d.id, p.id FROM site s JOIN device d ON d.site = s.id JOIN point p ON p.device = d.id
 WHERE d.key = 'coldroom-1' AND p.key = 't1'
"""
NEWEST = "SELECT max(a.id) FROM alert a JOIN enterprise e ON e.id = a.enterprise WHERE e.code = %(code)s"


async def test_a_former_owner_sees_its_own_time_only(api: Api) -> None:
    world = api.world
    ((site, key, device, point),) = await api.rows(SITE)
    old = await api.scalar(NEWEST, code=OURS)
    body = {"code": OURS, "site": key, "to": FOREIGN}
    await requests.submit(
        world.connection, world.intake.share, "transfer", body, "test"
    )
    await carry_out(world.intake, world.clock.now())
    world.clock.time += timedelta(hours=1)
    warm = {float(minute): {"t1": 19.9} for minute in range(40, -1, -1)}
    await send(world, FOREIGN, "coldroom-1", "33/01/06", warm)
    topic = f"blackbox/v1/33/01/06/{FOREIGN}/coldroom-1/readings"
    refused = {"time": world.at(0).isoformat(), "values": {"of-the-heir": 1}}
    message = Message(topic=topic, payload=json.dumps(refused).encode())
    await world.intake.commit([message], world.clock.now())
    await api.rows("UPDATE site SET telephone = '0571-99' WHERE id = %(id)s", id=site)
    things = {
        "site": site, "device": device, "point": point, "alert": old, "code": OURS, "rule": "gsp-cold-room",
    }  # fmt: skip
    for route in WALKED:
        thing = things.get(names(route) or "")
        if route.methods != {"GET"} or "enterprise" not in ASKED[route.name].roles:
            continue
        answer = await ask(api, "enterprise", route, thing)
        assert answer.status_code in (200, 303), (route.name, answer.text)
        told = [one for one in (*MARKS, *AFTER) if one in answer.text]
        assert not told, route.name
    client = api.clients["enterprise"]
    new = await api.scalar(NEWEST, code=FOREIGN)
    assert (await client.get(f"/alerts/{new}", headers=HTML)).status_code == 404
    trial = {"point": point, "from": "2026-11-22T08:00", "until": "2026-11-22T23:00"}
    answer = await client.get(
        "/rules/gsp-cold-room/trial", params=trial | {"limits": "own"}, headers=HTML
    )
    assert answer.status_code == 200
    assert "9.4" in answer.text
    assert "19.9" not in answer.text
    window = {"begins": "2026-11-24T08:00", "ends": "2026-11-24T09:00", "reason": "x"}
    answer = await client.post(f"/sites/{site}/maintenance", data=window, headers=HTML)
    assert answer.status_code == 403
