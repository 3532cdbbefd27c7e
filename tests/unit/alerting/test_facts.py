from __future__ import annotations

from dataclasses import replace
from typing import Any

from alerting.following.facts import gather
from domain.excursions import Excursion
from domain.rules import Severity
from tests.examples import ALERT, EXCURSION, SUBJECT, minutes
from tests.unit.rules.builders import a_level, a_rule

OLD = a_rule("r", a_level(above=8.0), a_level("warning", above=7.5, inclusive=True))
NEW = a_rule("r", a_level(above=9.0))
RULES = {"old": OLD, "new": NEW}


def an_excursion(**fields: Any) -> Excursion:
    return replace(EXCURSION, **{"version": "old", **fields})


def test_the_worst_excursion_is_told_with_the_limit_of_its_own_version() -> None:
    live = [
        an_excursion(start=minutes(0)),
        an_excursion(start=minutes(5), version="new"),
        an_excursion(start=minutes(9), level="warning", severity=Severity.MINOR),
    ]
    facts = gather(ALERT, RULES, SUBJECT, live)
    assert (facts.excursion, facts.limit.en) == (live[1], "> 9 °C")
    assert gather(ALERT, RULES, SUBJECT, live[2:]).limit.en == "≥ 7.5 °C"


def test_what_was_found_late_is_told_as_such_with_the_words_of_its_rule() -> None:
    past = [an_excursion()]
    facts = gather(ALERT, RULES, SUBJECT, past, found_late=True)
    assert (facts.excursion, facts.limit.en, facts.found_late) == (
        past[0],
        "> 8 °C",
        True,
    )
    assert (facts.what.zh, facts.basis.en) == (OLD.name.zh, OLD.basis.en)


def test_the_peak_is_told_at_the_resolution_of_its_point() -> None:
    live = [an_excursion(peak=9.25)]
    coarse = replace(SUBJECT, resolution=1.0)
    assert gather(ALERT, RULES, SUBJECT, live).amount.en == "9.2 °C"
    assert gather(ALERT, RULES, coarse, live).amount.en == "9 °C"
