"""Alerts that an alert is linked to, and that the asker may not see: no trace of them."""

from __future__ import annotations

import pytest

from tests.api.world import API, FOREIGN, SCOPED, Api

LINK = """
UPDATE alert SET predecessor = %(foreign)s, merged_into = %(foreign)s, inhibited_by = %(foreign)s
 WHERE id = %(own)s
"""
TELL = """
UPDATE journal SET detail = (detail::jsonb || jsonb_build_object('into', %(foreign)s::int8, 'inhibited_by', %(foreign)s::int8))::json
 WHERE alert = %(own)s
"""
RENUMBER = """
INSERT INTO alert (id, rule, enterprise, site, region, severity, suppressed, opened_at, entries)
SELECT 700700, rule, enterprise, site, region, severity, false, opened_at, 0 FROM alert
 WHERE enterprise = (SELECT id FROM enterprise WHERE code = %(code)s) LIMIT 1
"""


@pytest.fixture
async def linked(api: Api) -> Api:
    """A box where the first alert of ours names a foreign one everywhere."""
    await api.rows(RENUMBER, code=FOREIGN)
    for query in (LINK, TELL):
        await api.rows(query, own=1, foreign=700700)
    return api


@pytest.mark.parametrize("role", SCOPED)
async def test_a_foreign_link_is_shown_nowhere(linked: Api, role: str) -> None:
    for path in (
        f"{API}/alerts/1",
        f"{API}/alerts/1/journal",
        f"{API}/alerts?open=false",
        "/",
    ):
        answer = await linked.clients[role].get(path)
        assert answer.status_code == 200
        assert "700700" not in answer.text, path


async def test_who_sees_both_is_shown_the_links(linked: Api) -> None:
    for path in (f"{API}/alerts/1", f"{API}/alerts/1/journal"):
        assert "700700" in (await linked.clients["auditor"].get(path)).text, path
