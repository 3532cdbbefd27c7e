from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

from alerting.placing import Group, Placing, Work, number
from domain.alerts import Alert
from domain.registry import Device, InUse, Point, Registry, Setting
from domain.rules import Severity
from storage.excursions import Stored
from tests.examples import ALERT, OPENED, minutes
from tests.unit.alerting.test_grouping import CLOSED, OPEN, RETURNED, an_excursion
from tests.unit.rules.builders import a_point

POINT = ALERT.point or 0
RULE = ALERT.rule
MAINTENANCE = minutes(60)
"""From then on the point is not in use."""


def a_registry() -> Registry:
    before = Setting(
        valid_from=OPENED - timedelta(days=1),
        zone="cold",
        interval=timedelta(minutes=1),
        max_gap=timedelta(minutes=3),
        in_use=InUse.LOADED,
        rules=(),
    )
    after = replace(before, valid_from=MAINTENANCE, in_use=InUse.IN_MAINTENANCE)
    points: dict[str, Point] = {"t1": replace(a_point(before, after), id=POINT)}
    device = Device(
        id=1, enterprise=5, site=6, enterprise_code="x", key="d", region="330106",
        time_zone=None, points=points,
    )  # fmt: skip
    return Registry(1, [device])


def a_new(
    start: float = 0, end: float | None = None, severity: Severity = Severity.MAJOR
) -> Stored:
    return Stored(id=7, revision=1, excursion=an_excursion(start, end, severity))


def place(*changed: Stored, heads: tuple[Alert, ...] = ()) -> list[Work]:
    """Place at a point whose alerts are `heads`, the newest last."""
    newest: dict[Group, int] = {(POINT, RULE, h.suppressed): h.id for h in heads}
    placing = Placing(a_registry(), {h.id: h for h in heads}, newest, OPENED)
    return placing.place(changed)


def test_the_first_excursion_opens_an_alert_of_its_point_and_enterprise() -> None:
    (work,) = place(a_new())
    head = work.head
    assert (head.point, head.enterprise, head.site, head.region) == (
        POINT,
        5,
        6,
        "330106",
    )
    assert (head.opened_at, head.entries, head.predecessor) == (OPENED, 0, None)
    assert not head.suppressed
    assert work.joined is Severity.MAJOR


def test_all_that_is_new_in_one_intake_is_one_alert() -> None:
    (work,) = place(a_new(0, 5), a_new(6, severity=Severity.MINOR), a_new(9, 10))
    assert len(work.changed) == 3
    assert work.joined is Severity.MAJOR


def test_further_excursion_joins_the_alert_that_still_takes_some() -> None:
    (work,) = place(a_new(), heads=(RETURNED,))
    assert work.head == RETURNED


def test_closed_alert_gets_a_successor() -> None:
    (work,) = place(a_new(), heads=(CLOSED,))
    assert work.head.predecessor == CLOSED.id
    assert work.head.id < 0


def test_what_changed_stays_with_its_alert() -> None:
    changed = replace(a_new(0, 5), revision=2, alert=CLOSED.id)
    (work,) = place(changed, heads=(CLOSED,))
    assert (work.head, work.joined) == (CLOSED, None)


def test_what_replaces_a_withdrawn_excursion_takes_its_place() -> None:
    withdrawn = replace(a_new(1, 5), revision=2, alert=CLOSED.id, withdrawn=True)
    (work,) = place(withdrawn, a_new(0, 5), heads=(CLOSED,))
    assert (work.head, work.joined) == (CLOSED, None)
    assert len(work.changed) == 2


def test_what_begins_while_not_in_use_has_a_suppressed_alert_apart() -> None:
    first, second = place(a_new(61), heads=(OPEN,)), place(a_new(59), heads=(OPEN,))
    assert first[0].head.suppressed
    assert first[0].head.predecessor is None
    assert second[0].head == OPEN
    suppressed = replace(OPEN, id=8, suppressed=True)
    (third,) = place(a_new(59), heads=(OPEN, suppressed))
    assert third.head == OPEN


def test_numbers_are_given_to_new_alerts_and_to_all_excursions() -> None:
    old = replace(a_new(0, 5), revision=2, alert=CLOSED.id)
    works = place(old, a_new(6), heads=(CLOSED,))
    new = number(works, count(100))
    assert [head.id for head in new] == [100]
    assert [work.head.id for work in works] == [CLOSED.id, 100]
    assert [s.alert for work in works for s in work.changed] == [CLOSED.id, 100]
