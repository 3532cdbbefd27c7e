"""Which alerts form an incident: windows, owners and counters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from alerting.following.happened import Happened
from alerting.telling.incidents import Gathering, active, concerned
from domain.alerts import Alert, Event
from domain.incidents import Incident
from domain.rules import Severity
from tests.examples import ALERT, FACTS, happen, minutes


def happened(before: Alert, *events: Event, **how: Any) -> Happened:
    """An alert to which `events` happen in one unit."""
    head, entries = before, []
    for event in events:
        head, entry = happen(head, event, **how)
        entries.append(entry)
    return Happened(before=before, entries=entries, facts=replace(FACTS, alert=head))


def opened(number: int = 7, **facts: Any) -> Happened:
    return happened(replace(ALERT, id=number, **facts), Event.OPENED)


def gather(
    now: datetime, *all_: Happened, known: Sequence[Incident] = ()
) -> tuple[list[Happened], list[Incident]]:
    """What joins what at `now`; the incidents afterwards."""
    gathering = Gathering(known, now)
    homeless = gathering.homeless(all_)
    start = 1 + max((one.id for one in known), default=0)
    gathering.open(homeless, range(start, start + len(homeless)))
    taken = [gathering.take(one) for one in all_]
    return taken, [*gathering.others, *gathering.opened]


def test_alerts_of_a_site_that_open_at_once_are_one_incident() -> None:
    taken, (incident,) = gather(minutes(0), *(opened(n) for n in range(20)))
    assert {one.head.incident for one in taken} == {incident.id}
    assert (incident.alerts, incident.active) == (20, 20)
    assert {one.entries[0].detail["incident"] for one in taken} == {incident.id}


def test_one_that_has_settled_takes_nothing_more_though_the_clock_went_back() -> None:
    _, (incident,) = gather(minutes(10), opened(1))
    settled = replace(incident, settled_at=minutes(16))
    (one,), _ = gather(minutes(12), opened(2), known=[settled])
    assert one.head.incident == incident.id + 1


def test_alerts_of_different_sites_and_owners_are_different_incidents() -> None:
    others = [opened(1), opened(2, site=9), opened(3, enterprise=9)]
    taken, incidents = gather(minutes(0), *others)
    assert len({one.head.incident for one in taken}) == len(incidents) == 3


def test_an_incident_takes_alerts_for_5_min_after_the_newest_and_15_in_all() -> None:
    _, (incident,) = gather(minutes(0), opened(1))
    for n, minute in enumerate((5, 10, 14, 15), start=2):
        _, (incident,) = gather(minutes(minute), opened(n), known=[incident])
        assert incident.window_until == min(minutes(minute + 5), minutes(15))
    assert incident.alerts == 5
    _, incidents = gather(minutes(15.1), opened(9), known=[incident])
    assert [one.alerts for one in incidents] == [5, 1]


def test_after_5_quiet_minutes_a_new_incident_opens() -> None:
    _, first = gather(minutes(0), opened(1))
    _, incidents = gather(minutes(5.1), opened(2), known=first)
    assert [one.id for one in incidents] == [1, 2]


def test_what_nobody_is_told_of_does_not_join() -> None:
    quiet: list[dict[str, Any]] = [
        {"suppressed": True},
        {"inhibited_by": 3},
        {"site": None},
    ]
    for facts in quiet:
        assert not opened(**facts).joins
        assert not concerned(opened(**facts))


def test_a_return_and_a_recurrence_are_counted() -> None:
    (one,), incidents = gather(minutes(0), opened())
    back = happened(one.head, Event.RETURNED)
    (one,), incidents = gather(minutes(1), back, known=incidents)
    assert (incidents[0].alerts, incidents[0].active) == (1, 0)
    again = happened(one.head, Event.RECURRED)
    _, incidents = gather(minutes(2), again, known=incidents)
    assert (incidents[0].alerts, incidents[0].active) == (1, 1)


def test_an_alert_that_recurs_later_moves_to_the_new_incident() -> None:
    (one,), incidents = gather(minutes(0), opened())
    again = happened(one.head, Event.RECURRED)
    (one,), incidents = gather(minutes(30), again, known=incidents)
    assert one.head.incident == 2
    assert [(i.alerts, i.active) for i in incidents] == [(0, 0), (1, 1)]


def test_a_withdrawn_alert_is_a_member_that_is_not_active() -> None:
    for end in (Event.WITHDRAWN, Event.MERGED):
        (one,), incidents = gather(minutes(0), opened())
        _, incidents = gather(minutes(1), happened(one.head, end), known=incidents)
        assert (incidents[0].alerts, incidents[0].active) == (1, 0)


def test_a_withdrawal_after_the_return_counts_nothing_twice() -> None:
    (one,), incidents = gather(minutes(0), opened())
    for end in (Event.RETURNED, Event.WITHDRAWN):
        assert concerned(happened(one.head, end)) is (end is Event.RETURNED)
        (one,), incidents = gather(minutes(1), happened(one.head, end), known=incidents)
        assert (incidents[0].alerts, incidents[0].active) == (1, 0)


def test_a_rise_in_severity_is_the_incidents_and_opens_no_window() -> None:
    (one,), before = gather(minutes(0), opened())
    worse = happened(one.head, Event.WORSENED, severity=Severity.CRITICAL)
    _, (after,) = gather(minutes(4), worse, known=before)
    assert after == replace(before[0], severity=Severity.CRITICAL)


def test_what_was_over_before_it_was_found_joins_and_is_not_active() -> None:
    found = happened(ALERT, Event.OPENED, Event.RETURNED)
    assert not active(found.head)
    _, (incident,) = gather(minutes(0), found)
    assert (incident.alerts, incident.active) == (1, 0)
