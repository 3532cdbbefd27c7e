"""What one intake did to one alert, and what there is to tell of it."""

from __future__ import annotations

from dataclasses import replace

from alerting.following.placing import Work
from alerting.following.story import Story, happened
from domain.alerts import Alert, Event
from domain.rules import Severity
from storage.alerts import Standing
from storage.excursions import Stored
from tests.examples import ALERT, minutes
from tests.unit.alerting.test_grouping import OPEN, RETURNED, an_excursion
from tests.unit.rules.builders import a_level, a_rule

RULES = {ALERT.version or "": a_rule("r", a_level(above=8.0))}
OVER, GOES_ON = an_excursion(0, 5), an_excursion(6)


def stored(number: int = 8, *, withdrawn: bool = False) -> Stored:
    return Stored(id=number, revision=1, excursion=OVER, withdrawn=withdrawn)


def tell(work: Work, standing: Standing | None) -> Story:
    return happened(work, standing, minutes(10), RULES)


def events(story: Story) -> list[Event]:
    return [entry.event for entry in story.entries]


def test_what_was_over_before_it_was_found_is_marked_on_alert_and_journal() -> None:
    story = tell(Work(ALERT, [stored()], [OVER]), Standing(OVER, active=False))
    assert events(story) == [Event.OPENED, Event.RETURNED]
    assert story.head.found_late
    assert story.found_late
    assert all(entry.detail["found_late"] for entry in story.entries)
    assert "rule" in story.entries[0].detail


def test_what_goes_on_was_not_found_late() -> None:
    story = tell(Work(ALERT, [], [OVER, GOES_ON]), Standing(GOES_ON, active=True))
    assert not story.head.found_late
    assert not story.found_late
    assert "found_late" not in story.entries[0].detail


def test_what_joins_and_is_over_already_is_told_as_found_late() -> None:
    story = tell(Work(RETURNED, [stored()], [OVER]), Standing(OVER, active=False))
    assert events(story) == [Event.RECURRED, Event.RETURNED]
    assert story.found_late
    assert not story.head.found_late, "what it was opened for was not"


def test_what_is_new_is_told_of_and_else_the_worst() -> None:
    worse = an_excursion(0, 1, Severity.CRITICAL)
    head = replace(RETURNED, severity=Severity.CRITICAL)
    story = tell(Work(head, [], [GOES_ON]), Standing(worse, active=True))
    assert story.news == [GOES_ON]
    story = tell(Work(head, []), Standing(worse, active=False))
    assert story.news == [worse]


def test_a_lesser_one_that_joins_is_not_what_the_return_tells_of() -> None:
    lesser = an_excursion(1, 2, Severity.MINOR)
    story = tell(Work(OPEN, [], [lesser]), Standing(OVER, active=False))
    assert (events(story), story.news) == ([Event.RETURNED], [OVER])
    assert not story.found_late


def test_an_alert_without_excursions_is_withdrawn_and_tells_of_what_it_had() -> None:
    story = tell(Work(OPEN, [stored(withdrawn=True)]), None)
    assert (events(story), story.news) == ([Event.WITHDRAWN], [OVER])
    assert story.head.merged_into is None


def test_an_alert_without_excursions_is_merged_if_others_took_their_place() -> None:
    heir: Alert = replace(OPEN, id=20)
    work = Work(OPEN, [stored(withdrawn=True)], heirs=[Work(heir), Work(RETURNED)])
    story = tell(work, None)
    assert events(story) == [Event.MERGED]
    assert story.head.merged_into == 20
    assert story.entries[0].detail["into"] == 20
