"""Who is told of what, once alerts form incidents."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest

from alerting.following.happened import Happened
from alerting.telling.routing import Covered, Subscription, body, fixed, news
from alerting.telling.texts import box_facts
from domain.alerts import Alert, Event, JournalEntry, Recipient
from domain.errors import SettingsError
from domain.rules import Severity
from tests.examples import ALERT, DEVICE, FACTS, TREND, ended, happen, journal, minutes

COUNTY = ("webhook", "county")
LOG = ("log", "log")
IN_INCIDENT = replace(ALERT, incident=1)


def entry(event: Event) -> JournalEntry:
    before = [] if event is Event.OPENED else [Event.OPENED]
    return journal(*before, event)[-1]


def happened(before: Alert, *events: Event, **how: Any) -> Happened:
    """An alert to which `events` happen in one unit."""
    head, entries = before, []
    for event in events:
        head, one = happen(head, event, **how)
        entries.append(one)
    return Happened(before=before, entries=entries, facts=replace(FACTS, alert=head))


def told(
    *all_: Happened,
    to: Collection[Recipient] = (COUNTY,),
    last: Mapping[Recipient, bool] | None = None,
    covered: Covered | None = None,
) -> list[str]:
    """What is owed to whom: `county: 7 opened`; `last` are the last words of alert 7."""
    audience = {one.head.id: to for one in all_}
    owed = news(all_, audience, {7: last or {}}, covered or Covered())
    return [f"{d.recipient}: {d.alert} {d.body['event']}" for d in owed]


# One alert


@pytest.mark.parametrize("event", [Event.OPENED, Event.RECURRED])
def test_people_are_told_of_dangers(event: Event) -> None:
    before = ALERT if event is Event.OPENED else happened(ALERT, Event.OPENED).head
    assert told(happened(before, event)) == [f"county: 7 {event}"]


@pytest.mark.parametrize("event", [Event.EASED, Event.REVISED])
def test_people_are_not_told_of_revisions(event: Event) -> None:
    before = happened(ALERT, Event.OPENED).head
    assert told(happened(before, event), last={COUNTY: True}) == []


@pytest.mark.parametrize("event", [Event.RETURNED, Event.WITHDRAWN, Event.MERGED])
def test_whoever_heard_of_an_alert_hears_of_its_end(event: Event) -> None:
    before = happened(ALERT, Event.OPENED).head
    heard: dict[Recipient, bool] = {LOG: True}
    assert told(happened(before, event), last=heard) == [f"log: 7 {event}"]
    assert told(happened(before, event), last={}) == []


def test_a_return_waits_while_the_alert_is_in_an_incident() -> None:
    before = happened(IN_INCIDENT, Event.OPENED).head
    assert told(happened(before, Event.RETURNED), last={COUNTY: True}) == []
    assert told(happened(before, Event.WITHDRAWN), last={COUNTY: True}) == [
        "county: 7 withdrawn"
    ]


def test_a_return_is_not_told_to_whoever_knows_of_it() -> None:
    before = happened(ALERT, Event.OPENED).head
    assert told(happened(before, Event.RETURNED), last={COUNTY: False}) == []


def test_each_recipient_over_each_channel_is_owed_one_delivery_with_a_stable_id() -> (
    None
):
    audience = {7: [COUNTY, LOG, COUNTY]}
    owed = news([happened(ALERT, Event.OPENED)], audience, {}, Covered())
    assert [delivery.id for delivery in owed] == ["7-1-webhook-county", "7-1-log-log"]


@pytest.mark.parametrize(
    "quiet",
    [{"suppressed": True}, {"inhibited_by": 3}, {"shelved_until": minutes(60)}],
)
def test_a_quiet_or_shelved_alert_tells_nobody(quiet: dict[str, Any]) -> None:
    before = replace(happened(ALERT, Event.OPENED).head, **quiet)
    assert told(happened(before, Event.RECURRED), last={LOG: True}) == []


def test_a_rise_in_severity_is_told_though_the_alert_was_shelved() -> None:
    before = replace(happened(ALERT, Event.OPENED).head, shelved_until=minutes(60))
    worse = happened(before, Event.WORSENED, severity=Severity.CRITICAL)
    assert told(worse) == ["county: 7 worsened"]


def test_each_is_told_once_of_a_unit_and_how_it_stands_after_all() -> None:
    one = happened(IN_INCIDENT, Event.OPENED, Event.RETURNED)
    (owed,) = news([one], {7: [COUNTY]}, {}, Covered())
    assert (owed.n, owed.body["event"]) == (1, "opened")
    assert owed.body["state"] == "returned-unacknowledged"


def test_whoever_heard_of_it_hears_of_its_recurrence_however_mild_it_has_become() -> (
    None
):
    before = happened(ALERT, Event.OPENED).head
    again = happened(before, Event.RECURRED)
    assert told(again, to=(), last={COUNTY: True}) == ["county: 7 recurred"]


def test_a_fixed_subscription_may_leave_out_what_is_less_severe() -> None:
    wish = Subscription(channel="log", recipient="x", severity=Severity.CRITICAL)
    assert fixed([wish], Severity.MAJOR) == []
    assert fixed([wish], Severity.CRITICAL) == [("log", "x")]


# An incident


def test_twenty_alerts_of_an_incident_make_one_notification_each() -> None:
    many = [happened(replace(IN_INCIDENT, id=n), Event.OPENED) for n in range(20)]
    assert told(*many, to=[COUNTY, LOG]) == ["county: 0 opened", "log: 0 opened"]


def test_the_most_severe_of_a_unit_is_the_one_that_is_told() -> None:
    mild = replace(IN_INCIDENT, id=1, severity=Severity.MINOR)
    both = [happened(mild, Event.OPENED), happened(IN_INCIDENT, Event.OPENED)]
    assert told(*both) == ["county: 7 opened"]


def test_a_higher_severity_is_told_again_and_every_critical_one() -> None:
    covered = Covered()
    for n, severity, tells in (
        (1, Severity.MINOR, True),
        (2, Severity.MINOR, False),
        (3, Severity.MAJOR, True),
        (4, Severity.MINOR, False),
        (5, Severity.CRITICAL, True),
        (6, Severity.MAJOR, False),
        (7, Severity.CRITICAL, True),
    ):
        one = happened(replace(IN_INCIDENT, id=n, severity=severity), Event.OPENED)
        assert bool(told(one, covered=covered)) is tells, n


def test_somebody_not_yet_told_is_told() -> None:
    covered = Covered({(1, ALERT.rule, COUNTY): (2, 2)})
    one = happened(IN_INCIDENT, Event.OPENED)
    assert told(one, to=[COUNTY, LOG], covered=covered) == ["log: 7 opened"]


def test_another_incident_is_another_matter() -> None:
    covered = Covered({(2, ALERT.rule, COUNTY): (3, 3)})
    assert told(happened(IN_INCIDENT, Event.OPENED), covered=covered)


def test_another_rule_is_another_danger() -> None:
    covered = Covered({(1, "another", COUNTY): (2, 2)})
    assert told(happened(IN_INCIDENT, Event.OPENED), covered=covered)


def test_what_was_over_when_it_was_told_stands_in_for_nothing_that_goes_on() -> None:
    covered = Covered()
    over = happened(replace(IN_INCIDENT, id=1), Event.OPENED, Event.RETURNED)
    assert told(over, covered=covered)
    assert told(happened(IN_INCIDENT, Event.OPENED), covered=covered)
    again = happened(replace(IN_INCIDENT, id=3), Event.OPENED, Event.RETURNED)
    assert not told(again, covered=covered)


def test_a_flapping_alert_begins_once_for_whoever_did_not_hear_of_its_end() -> None:
    before = happened(IN_INCIDENT, Event.OPENED, Event.RETURNED).head
    covered = Covered({(1, ALERT.rule, COUNTY): (2, 2)})
    again = happened(before, Event.RECURRED)
    assert told(again, last={COUNTY: True}, covered=covered) == []
    assert told(again, last={COUNTY: False}, covered=covered) == ["county: 7 recurred"]


# Texts and names


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
