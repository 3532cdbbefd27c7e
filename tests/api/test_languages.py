"""What is wrong is told in the reader's language, whatever form it was said in.

A form that `WRONG` does not know fails the walk: add bad input for it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from dashboard.fields import LABELS
from dashboard.texts import Texts
from tests.api.test_page_walk import routes
from tests.api.world import Api
from tests.unit.languages import ENGLISH_SENTENCE, HAN

CONTROL = "a\x00b"
LONG = "x" * 1001
PERSON = {"full_name": "New", "role": "auditor", "name": "new"}
WINDOW = {"begins": "2026-11-24T08:00", "ends": "2026-11-24T09:00", "reason": "x"}
ADMINISTRATOR, SUPERVISOR = "administrator", "supervisor"

Wrong = tuple[str, str, str, list[dict[str, Any]]]
WRONG: list[Wrong] = [
    ("sign_in", SUPERVISOR, "/sign-in", [{"name": "nobody", "password": "x"}]),
    ("command_several", SUPERVISOR, "/alerts/commands", [
        {}, {"alert": "x"}, {"command": "explode"}, {"alert": "1:0", "hours": "x"},
        {"alert": "1:0", "hours": "999"}, {"alert": "1:0", "reason": CONTROL},
        {"alert": "1:0", "reason": LONG}, {"alert": "1:9"}, {"alert": "99:0"},
    ]),
    ("hand_over", SUPERVISOR, "/alerts/handover", [
        {"note": CONTROL}, {"note": "x" * 2001}, {"last": "x"},
    ]),
    ("command_alert", SUPERVISOR, "/alerts/1/commands", [
        {}, {"name": "explode"}, {"name": "assign"}, {"name": "assign", "assignee": "x"},
        {"name": "assign", "assignee": "x" * 2000}, {"name": "answer", "cause": "x", "action": "y"},
        {"name": "shelve", "reason": "x"}, {"name": "shelve", "reason": "x", "hours": "x"},
        {"name": "shelve", "reason": "x", "hours": "9999"}, {"name": "comment"},
        {"name": "comment", "reason": CONTROL}, {"name": "comment", "reason": LONG},
        {"name": "comment", "reason": "x", "cause": "y"}, {"name": "unshelve"},
        {"name": "comment", "reason": "x", "id": "x"}, {"name": "comment", "reason": "x", "revision": "-1"},
        {"name": "comment", "reason": "x", "revision": "9"},
    ]),
    ("announce", SUPERVISOR, "/sites/1/maintenance", [
        {}, {**WINDOW, "begins": "x"}, {**WINDOW, "begins": "2020-01-01T00:00"},
        {**WINDOW, "ends": "2026-11-24T07:00"}, {**WINDOW, "reason": ""},
        {**WINDOW, "reason": CONTROL}, {**WINDOW, "device": LONG},
    ]),
    ("add_user", ADMINISTRATOR, "/users", [
        {}, {**PERSON, "name": "A B"}, {**PERSON, "name": "auditor"}, {**PERSON, "role": "king"},
        {**PERSON, "language": "fr"}, {**PERSON, "full_name": CONTROL}, {**PERSON, "full_name": "x" * 81},
        {**PERSON, "region": "330100"}, {**PERSON, "role": "supervisor", "region": "990000"},
        {**PERSON, "role": "supervisor"}, {**PERSON, "role": "enterprise"},
        {**PERSON, "role": "enterprise", "enterprise": "x"},
    ]),
    ("change_user", ADMINISTRATOR, "/users/auditor", [{}, {**PERSON, "role": "supervisor"}]),
    ("change_user", ADMINISTRATOR, "/users/administrator", [PERSON]),
    ("disable_user", ADMINISTRATOR, "/users/administrator/disabled", [
        {}, {"disabled": "x"}, {"disabled": "true"},
    ]),
    ("set_password", ADMINISTRATOR, "/users/nobody/password", [{}]),
    ("set_contact", ADMINISTRATOR, "/users/auditor/contacts", [
        {}, {"channel": "fax", "address": "x"}, {"channel": "log", "address": "a b"},
    ]),
    ("remove_contact", ADMINISTRATOR, "/users/auditor/contacts/remove", [{}, {"channel": "log"}]),
    ("subscribe", ADMINISTRATOR, "/users/supervisor/subscriptions", [
        {}, *({"channel": "log", **one} for one in (
            {"severity": "worst"}, {"region": "x"}, {"region": "440100"}, {"weekdays": "8"},
            {"weekdays": "5-1"}, {"hours": "25:00"}, {"hours": "08:00-08:00"}, {"stages": "x"},
        )),
    ]),
    ("subscribe", ADMINISTRATOR, "/users/enterprise/subscriptions", [
        {"channel": "log", "region": "330100"},
    ]),
    ("unsubscribe", ADMINISTRATOR, "/users/auditor/subscriptions/remove", [
        {}, {"number": "x"}, {"number": "0"}, {"number": "7"}, {"number": "9" * 30},
    ]),
    ("change_password", SUPERVISOR, "/settings/password", [
        {}, {"old": "x", "password": "a", "again": "b"}, {"old": "x" * 1001, "password": "a", "again": "a"},
        {"old": "x", "password": "a", "again": "a"},
    ]),
    ("issue_token", SUPERVISOR, "/settings/tokens", [
        {}, {"label": ""}, {"label": "x" * 81}, {"label": "x", "days": "x"}, {"label": "x", "days": "999"},
    ]),
    ("revoke_token", SUPERVISOR, "/settings/tokens/revoke", [{}, {"number": "987654"}]),
    ("inject", ADMINISTRATOR, "/demo/faults", [{}, {"device": "x", "fault": "x"}]),
]  # fmt: skip
HARMLESS = {"sign_out", "sign_out_others"}
"""Forms without a field."""
TRIAL = "/rules/gsp-cold-room/trial?from=2026-11-22T08:00&until=2026-11-22T10:00"
ADDRESSES = [
    "/nothing", "/alerts/x", "/alerts/987654", "/alerts/" + "9" * 30, "/users", "/users/X", "/demo",
    "/points/x", "/points/1?from=x", "/points/1?range=1000y", "/points/1?with=x",
    "/points/1?from=2026-11-22T10:00&to=2026-11-22T08:00", "/alerts?severity=worst", "/alerts?show=x",
    "/alerts?q=" + "x" * 101, "/alerts?q=%00", "/alerts?site=x", "/alerts?region=x", "/alerts?since=x",
    "/alerts?since=2026-11-22T08:00:00", "/alerts?overdue=x", "/alerts?cursor=x", "/alerts?rule=%00",
    "/points?q=%00", "/connections?state=x", "/connections?enterprise=x", "/devices/x",
    "/enterprises/x", "/sites/x", "/rules/x", "/rules/gsp-cold-room?after=x",
    "/?region=x", TRIAL, f"{TRIAL}&point=x", TRIAL.replace("10:00", "07:00") + "&point=1",
    *(f"{TRIAL}&point=1&limits=own&excursion.{one}" for one in (
        "above=x", "above=1", "deadband=-1", "deadband=9", "for=x", "for=9999h", "above=nan", "above=inf",
    )),
]  # fmt: skip
LANGUAGES = {"zh": re.compile(ENGLISH_SENTENCE), "en": re.compile(HAN)}
"""What must not stand in a text of that language."""
SPEAKERS = re.compile(
    r'<script.*?</script>|<[^>]*\slang="[^"]*"[^>]*>[^<]*|<[^>]*>', re.S
)
"""Of a page: tags, scripts, and what says that it is in another language."""


def foreign(language: str, text: str) -> str | None:
    """What of `text` is in the other language."""
    found = LANGUAGES[language].search(text)
    return found and text[max(0, found.start() - 40) : found.end() + 40]


def cases() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for _, role, path, forms in WRONG:
        for form in forms:
            yield role, path, form


def test_every_form_has_bad_input() -> None:
    forms = {one.name for one in routes() if one.methods == {"POST"}}
    assert forms == {name for name, *_ in WRONG} | HARMLESS


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_form_tells_what_is_wrong_in_the_readers_language(
    api: Api, language: str
) -> None:
    said = {"Accept-Language": language}
    here = {"Origin": api.site.address}
    for role, path, form in cases():
        answer = await api.clients[role].post(path, data=form, headers=said | here)
        where = (path, form, answer.text)
        assert 400 <= answer.status_code < 500 or answer.status_code == 503, where
        detail = answer.json()["detail"]
        assert detail, where
        assert foreign(language, detail) is None, where


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_page_of_an_error_is_in_the_readers_language(
    calm: Api, language: str
) -> None:
    headers = {"Accept-Language": language, "Accept": "text/html"}
    for path in ADDRESSES:
        answer = await calm.clients[SUPERVISOR].get(path, headers=headers)
        assert 400 <= answer.status_code < 500, path
        detail = re.search(
            r'id="error".*?</h1>\s*<p>(.*?)</p>'
            r'|class="problem".*?</svg>(.*?)<|<output class="result failed"[^>]*>(.*?)<',
            answer.text,
            re.S,
        )
        assert detail, (path, answer.text)
        words = next(filter(None, detail.groups()))
        assert words.strip(), path
        assert foreign(language, words) is None, (path, words)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_sign_in_page_is_in_the_readers_language(
    calm: Api, language: str
) -> None:
    headers = {"Accept-Language": language, "Accept": "text/html"}
    async with httpx.AsyncClient(base_url=calm.site.address, headers=headers) as nobody:
        form = {"name": "nobody", "password": "x"}
        origin = {"Origin": calm.site.address}
        for answer in (
            await nobody.get("/sign-in"),
            await nobody.post("/sign-in", data=form, headers=origin),
        ):
            words = SPEAKERS.sub(" ", answer.text)
            assert foreign(language, words) is None, words


def test_fields_are_named_by_texts_that_exist() -> None:
    assert [key for key in LABELS.values() if not Texts("zh").known(key, "")] == []
