"""What there is to say about alerts, by the database alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from alerting.following.facts import gather
from alerting.telling.texts import Facts, box_facts
from domain.alerts import Alert, SiteSubject, Subject
from domain.excursions import Excursion
from domain.text import Text
from rules.kinds import from_version
from rules.rule import AnyRule
from storage import alerts, findings, registry
from storage.unit import Connection


async def recall(connection: Connection, heads: Collection[Alert]) -> dict[int, Facts]:
    """The facts of each of `heads`, by number; of excursions, its worst."""
    on_points = {head.id: head.point for head in heads if head.point is not None}
    standing = await alerts.standing(connection, on_points)
    worst = {number: [one.worst] for number, one in standing.items()}
    named = {head.version for head in heads if head.version is not None}
    named |= {found.version for (found,) in worst.values()}
    versions = await registry.rule_versions(connection, named)
    rules = {number: from_version(version) for number, version in versions.items()}
    subject = await subjects(connection, heads)
    return {
        head.id: facts_of(head, rules, subject[head.id], worst.get(head.id, ()))
        for head in heads
    }


def facts_of(
    head: Alert,
    rules: Mapping[str, AnyRule],
    subject: SiteSubject | None,
    worst: Sequence[Excursion] = (),
) -> Facts:
    """The facts of an alert; `worst` is empty where no excursion stands."""
    if worst:
        assert isinstance(subject, Subject), "an excursion is at a point"
        return gather(head, rules, subject, worst)
    if head.version is None:
        return box_facts(head, subject)
    rule = rules[head.version]
    return Facts(
        alert=head,
        what=Text(rule.name.zh, rule.name.en),
        basis=Text(rule.basis.zh, rule.basis.en),
        subject=subject,
    )


async def subjects(
    connection: Connection, heads: Collection[Alert]
) -> dict[int, SiteSubject | None]:
    """What notifications say of where, by the number of the alert; None: the box."""
    points = {head.point for head in heads if head.point is not None}
    devices = {h.device for h in heads if h.point is None and h.device is not None}
    sites = {h.site for h in heads if h.device is None and h.site is not None}
    of_points = await alerts.subjects(connection, points) if points else {}
    of_devices = await findings.subjects(connection, devices) if devices else {}
    of_sites = await findings.sites(connection, sites) if sites else {}

    def subject(head: Alert) -> SiteSubject | None:
        if head.point is not None:
            return of_points[head.point]
        if head.device is not None:
            return of_devices[head.device]
        return None if head.site is None else of_sites[head.site]

    return {head.id: subject(head) for head in heads}
