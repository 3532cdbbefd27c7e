from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

from alerting.following.placing import Group, Placing, Work, number
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
        id=1, enterprise=1, site=6, enterprise_code="x", key="d", region="330106",
        time_zone=None, points=points,
    )  # fmt: skip
    return Registry(1, [device])


def a_new(
    start: float = 0, end: float | None = None, severity: Severity = Severity.MAJOR
) -> Stored:
    return Stored(id=7, revision=1, excursion=an_excursion(start, end, severity))


def an_old(
    head: Alert, start: float = 0, end: float | None = None, number: int = 8
) -> Stored:
    """A revised excursion of `head`, as it is now."""
    return replace(a_new(start, end), id=number, revision=2, alert=head.id)


def gone(
    head: Alert, start: float = 0, end: float | None = None, number: int = 9
) -> Stored:
    """An excursion of `head` that is withdrawn."""
    return replace(an_old(head, start, end, number), withdrawn=True)


def place(
    *changed: Stored,
    heads: tuple[Alert, ...] = (),
    until: dict[int, float] | None = None,
) -> list[Work]:
    """Place at a point whose alerts are `heads`, the newest last.

    `until` says up to when people knew excursions, if not to the end that they have now.
    """
    newest: dict[Group, int] = {(POINT, RULE, h.suppressed): h.id for h in heads}
    known = {s.id: s.excursion.end or OPENED for s in changed}
    known |= {number: minutes(minute) for number, minute in (until or {}).items()}
    by_number = {head.id: head for head in heads}
    placing = Placing(a_registry(), by_number, newest, known, {}, OPENED)
    return placing.place(changed)


def test_the_first_excursion_opens_an_alert_of_its_point_and_enterprise() -> None:
    (work,) = place(a_new())
    head = work.head
    subject = (head.point, head.device, head.enterprise, head.site, head.region)
    assert subject == (POINT, 1, 1, 6, "330106")
    assert (head.opened_at, head.entries, head.predecessor) == (OPENED, 0, None)
    assert not head.suppressed
    assert work.joined == [a_new().excursion]


def test_all_that_is_new_in_one_intake_is_one_alert() -> None:
    (work,) = place(a_new(0, 5), a_new(6, severity=Severity.MINOR), a_new(9, 10))
    assert len(work.changed) == len(work.joined) == 3


def test_further_excursion_joins_the_alert_that_still_takes_some() -> None:
    (work,) = place(a_new(), heads=(RETURNED,))
    assert work.head == RETURNED


def test_closed_alert_gets_a_successor() -> None:
    (work,) = place(a_new(), heads=(CLOSED,))
    assert work.head.predecessor == CLOSED.id
    assert work.head.id < 0


def test_what_changed_stays_with_its_alert() -> None:
    (work,) = place(an_old(CLOSED, 0, 5), heads=(CLOSED,))
    assert (work.head, work.joined) == (CLOSED, [])


def test_what_replaces_a_withdrawn_excursion_takes_its_place() -> None:
    (work,) = place(gone(CLOSED, 1, 5), a_new(0, 5), heads=(CLOSED,))
    assert (work.head, work.joined, work.heirs) == (CLOSED, [], [])
    assert len(work.changed) == 2


def test_what_begins_after_all_that_people_knew_of_is_new() -> None:
    """The excursion was open, and is refuted; another one began in the same batch."""
    part, further = a_new(4), a_new(5)
    assert place(gone(OPEN, 0), part, heads=(OPEN,), until={9: 5})[0].joined == []
    (work,) = place(gone(OPEN, 0), further, heads=(OPEN,), until={9: 5})
    assert work.joined == [further.excursion]


def test_a_part_that_was_split_off_is_not_new_to_its_alert() -> None:
    (work,) = place(an_old(OPEN, 0, 1), a_new(2), heads=(OPEN,), until={8: 4})
    assert (work.head, work.joined) == (OPEN, [])


def test_a_part_that_goes_on_follows_in_a_successor_where_the_alert_is_closed() -> None:
    first, second = place(an_old(CLOSED, 0, 1), a_new(2), heads=(CLOSED,), until={8: 4})
    assert (first.head, [s.id for s in first.changed]) == (CLOSED, [8])
    assert second.head.predecessor == CLOSED.id
    assert first.heirs == [second]


# What goes on after all, because its clearing reading is in conflict


def test_what_goes_on_after_all_stays_with_its_unclosed_alert() -> None:
    (work,) = place(an_old(RETURNED), heads=(RETURNED,), until={8: 5})
    assert (work.head, work.joined) == (RETURNED, [])


def test_what_goes_on_after_all_moves_from_its_closed_alert_to_a_successor() -> None:
    reopened = an_old(CLOSED)
    former, work = place(reopened, heads=(CLOSED,), until={8: 5})
    (left,) = former.changed
    assert (left.id, left.revision, left.withdrawn) == (8, 3, True)
    (came,) = work.changed
    assert (came.id, came.revision, came.alert) == (0, 1, None)
    assert left.excursion == came.excursion == reopened.excursion
    assert work.head.predecessor == CLOSED.id
    assert work.joined == [reopened.excursion]
    assert former.heirs == [work]


def test_all_that_moves_in_one_intake_goes_into_one_alert() -> None:
    both = an_old(CLOSED, 0), an_old(CLOSED, 1, number=10)
    former, work = place(*both, heads=(CLOSED,), until={8: 5, 10: 5})
    assert len(former.changed) == len(work.changed) == 2


def test_what_goes_on_after_all_moves_to_the_successor_that_there_is() -> None:
    successor = replace(RETURNED, id=20, predecessor=CLOSED.id)
    heads = (CLOSED, successor)
    former, work = place(an_old(CLOSED), heads=heads, until={8: 5})
    assert (former.head, work.head) == (CLOSED, successor)
    assert len(work.joined) == 1


def test_two_alerts_whose_excursions_are_one_after_all_become_one() -> None:
    successor = replace(RETURNED, id=20, predecessor=CLOSED.id)
    former, work = place(
        an_old(CLOSED, 0, 9), gone(successor, 6, 9), heads=(CLOSED, successor)
    )
    assert former.heirs == [work]
    assert work.head == successor
    assert [(s.id, s.withdrawn) for s in work.changed] == [(0, False), (9, True)]
    assert work.joined == []


# Suppressed, and numbers


def test_what_begins_while_not_in_use_has_a_suppressed_alert_apart() -> None:
    first, second = place(a_new(61), heads=(OPEN,)), place(a_new(59), heads=(OPEN,))
    assert first[0].head.suppressed
    assert first[0].head.predecessor is None
    assert second[0].head == OPEN
    suppressed = replace(OPEN, id=8, suppressed=True)
    (third,) = place(a_new(59), heads=(OPEN, suppressed))
    assert third.head == OPEN


def test_what_moves_into_use_takes_the_place_of_what_was_suppressed() -> None:
    suppressed = replace(OPEN, id=8, suppressed=True)
    former, work = place(gone(suppressed, 61, 65), a_new(59, 65), heads=(suppressed,))
    assert not work.head.suppressed
    assert former.heirs == [work]


def test_numbers_are_given_to_new_alerts_and_to_all_excursions() -> None:
    works = place(an_old(CLOSED, 0, 5), a_new(6), heads=(CLOSED,))
    number(works, count(100), count(200))
    assert [work.head.id for work in works] == [CLOSED.id, 100]
    assert [(s.id, s.alert) for work in works for s in work.changed] == [
        (8, CLOSED.id),
        (7, 100),
    ]


def test_what_moves_gets_a_number_of_its_own() -> None:
    works = place(an_old(CLOSED), heads=(CLOSED,), until={8: 5})
    number(works, count(100), count(200))
    assert [(s.id, s.alert) for work in works for s in work.changed] == [
        (8, CLOSED.id),
        (200, 100),
    ]
