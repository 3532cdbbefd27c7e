from __future__ import annotations

import json
from dataclasses import replace

import pytest

from alerting.routing import Subscription, body, news, notifications
from alerting.texts import box_facts
from domain.alerts import Event, JournalEntry
from domain.errors import SettingsError
from domain.rules import Severity
from tests.examples import ALERT, DEVICE, FACTS, TREND, ended, journal

COUNTY = Subscription(channel="webhook", recipient="county")
LOG = Subscription(channel="log", recipient="log")


def entry(event: Event) -> JournalEntry:
    before = [] if event is Event.OPENED else [Event.OPENED]
    return journal(*before, event)[-1]


@pytest.mark.parametrize("event", Event)
def test_people_are_told_of_dangers_and_their_ends_but_not_of_revisions(
    event: Event,
) -> None:
    told = bool(notifications(entry(event), FACTS, [COUNTY]))
    assert told == (event not in (Event.EASED, Event.REVISED, Event.ACKNOWLEDGED))


def test_each_recipient_over_each_channel_is_owed_one_delivery_with_a_stable_id() -> (
    None
):
    owed = notifications(entry(Event.OPENED), FACTS, [COUNTY, LOG, COUNTY])
    assert [delivery.id for delivery in owed] == ["7-1-webhook-county", "7-1-log-log"]


def test_a_suppressed_alert_tells_nobody() -> None:
    silent = replace(FACTS, alert=replace(ALERT, suppressed=True))
    assert notifications(entry(Event.OPENED), silent, [COUNTY]) == []


def test_a_subscription_may_ask_for_other_events() -> None:
    wish = replace(COUNTY, events=frozenset({Event.ACKNOWLEDGED}))
    assert notifications(entry(Event.ACKNOWLEDGED), FACTS, [wish])
    assert not notifications(entry(Event.OPENED), FACTS, [wish])


def test_a_subscription_may_leave_out_what_is_less_severe() -> None:
    wish = replace(COUNTY, severity=Severity.CRITICAL)
    assert not notifications(entry(Event.OPENED), FACTS, [wish])
    critical = replace(entry(Event.OPENED), severity=Severity.CRITICAL)
    assert notifications(critical, FACTS, [wish])


def test_whoever_was_told_is_told_of_the_withdrawal_however_mild_the_alert_has_become() -> (
    None
):
    wish = replace(COUNTY, severity=Severity.CRITICAL)
    assert notifications(
        entry(Event.WITHDRAWN), FACTS, [wish], told={("webhook", "county")}
    )
    assert not notifications(
        entry(Event.WITHDRAWN), FACTS, [wish], told={("webhook", "city")}
    )


def test_each_is_told_once_of_an_intake_and_how_it_stands_after_all() -> None:
    both = journal(Event.OPENED, Event.RETURNED)
    end = replace(LOG, events=frozenset({Event.RETURNED}))
    owed = news(both, FACTS, [COUNTY, end])
    assert [delivery.id for delivery in owed] == ["7-1-webhook-county", "7-2-log-log"]
    assert {d.body["state"] for d in owed} == {"returned-unacknowledged"}
    assert [d.body["event"] for d in owed] == ["opened", "returned"]


def test_the_body_says_when_a_trend_will_reach_its_limit() -> None:
    sent = body(entry(Event.OPENED), replace(FACTS, excursion=TREND))
    assert json.loads(json.dumps(sent)) == sent
    assert sent["excursion"]["forecast"] == {
        "slope": 0.6,
        "slope_between": [0.4, 0.8],
        "limit": 8.0,
        "reached": "2026-11-22T11:30:00+00:00",
        "reached_between": ["2026-11-22T11:00:00+00:00", None],
    }


@pytest.mark.parametrize("name", ["", "a b", "x.y", "https://x", "名"])
def test_a_recipient_is_a_name_that_an_id_can_hold(name: str) -> None:
    with pytest.raises(SettingsError, match="no name"):
        Subscription(channel="webhook", recipient=name)


def test_the_body_says_in_data_what_the_text_says_in_words() -> None:
    sent = body(entry(Event.RETURNED), ended())
    assert json.loads(json.dumps(sent)) == sent
    assert (sent["event_id"], sent["alert"], sent["n"]) == ("7-2", 7, 2)
    assert (sent["event"], sent["severity"]) == ("returned", "major")
    assert sent["state"] == "returned-unacknowledged"
    assert sent["at"] == "2026-11-22T09:31:00+00:00"
    assert set(sent["text"]) == {"zh", "en"}
    assert sent["subject"]["enterprise"]["code"] == "91110000600037341L"
    assert sent["subject"]["telephone"] == "0571-8888 0000"
    assert sent["rule"]["key"] == "gsp-cold-room"
    assert sent["excursion"] == {
        "level": "excursion",
        "severity": "major",
        "start": "2026-11-22T09:25:00+00:00",
        "end": "2026-11-22T09:50:00+00:00",
        "peak": 9.3,
        "peak_time": "2026-11-22T09:29:00+00:00",
        "amount": "9.3 °C",
        "limit": "> 8 °C",
        "forecast": None,
    }
    assert (sent["found_late"], sent["merged_into"]) == (False, None)


def test_the_body_of_the_boxs_own_alert_has_no_subject() -> None:
    sent = body(entry(Event.OPENED), box_facts(replace(ALERT, rule="session-lost")))
    assert sent["subject"] is None
    assert sent["excursion"] is None


def test_the_body_of_a_finding_about_a_device_names_no_point() -> None:
    alert = replace(ALERT, rule="conflict", version=None, point=None)
    sent = body(entry(Event.OPENED), box_facts(alert, DEVICE))
    assert (sent["subject"]["point"], sent["subject"]["name"]) == (None, None)
    assert sent["subject"]["device"] == {"zh": "3号记录仪", "en": "logger 3"}
