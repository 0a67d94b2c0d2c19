"""Label words: what the law of labels makes a label of a container say, and which labels in use say something else.

Only for pathways that have a product; the others write their statements themselves. The country is that of the treating
site. What a label was printed for is in the log; the law that is in force now decides for both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from coi.actions.office import Office
from coi.journey.attempt import Case, Outdated
from coi.journey.donor import DonorTests, read_tests
from coi.journey.effects.collection import tested_about
from coi.journey.pathway import Pathway
from coi.journey.product import Product
from coi.journey.steps import Purpose
from coi.journey.therapy import Container, Label, Therapy
from coi.record import people
from labels.law import Law
from labels.matrix import Use
from labels.statements import Donor, Said, Situation, statements_of
from labels.templates import template_of

STAGE_OF: Mapping[Purpose, str] = {
    Purpose.STARTING_MATERIAL: "collection", Purpose.RESCUE: "collection", Purpose.IN_PROCESS: "processing",
    Purpose.QC_SAMPLE: "sample", Purpose.RETENTION: "sample", Purpose.DOSE: "product",
}  # fmt: skip
_SAMPLES = frozenset({Purpose.QC_SAMPLE, Purpose.RETENTION})
_RELIES_ON_WORDS = frozenset(
    {"thaw.started", "infusion.checked", "infusion.started", "shipment.packed", "handoff.offered"}
)
_IN_USE = ("issued", "applied")


def said(law: Law, pathway: Pathway, container: Container, tests: DonorTests, country: str | None) -> tuple[Said, ...]:
    """Return the statements that the law asks for on a label of `container`, none for a pathway without a product."""
    if pathway.product is None:
        return ()
    donor = Donor(
        complete=tests.complete, is_reactive=tests.result == "reactive", risk=tests.risk,
        reactive=tuple(pathway.product.agents.get(agent, agent) for agent in tests.agents),
    )  # fmt: skip
    return statements_of(law, Situation(
        relation=pathway.product.relation, market=pathway.product.market, country=country, donor=donor,
        final=container.cells is Purpose.DOSE, sample=container.purpose in _SAMPLES,
    ))  # fmt: skip


def words(pathway: Pathway, container: Container, statements: tuple[Said, ...]) -> dict[str, str]:
    """Return all statements with their signs ("" for none) in their order.

    The law's come first, then the product's own; of a sample its own come first.
    """
    text = pathway.labels.get(container.purpose.value)
    own = dict.fromkeys(text.statements if text else (), "")
    laws = {one.text: one.symbol or "" for one in statements}
    return own | laws if container.purpose in _SAMPLES else {**laws, **{word: laws.get(word, "") for word in own}}


def use_of(product: Product, container: Container, *, template: str, country: str | None) -> Use:
    """Return how a template is used for `container`."""
    return Use(template=template, stage=STAGE_OF[container.purpose], country=country, market=product.market,
               relation=product.relation, blinded=product.blinded)  # fmt: skip


def looked_up(office: Office, conn: Connection, case: Case) -> None:
    """Put into `case` what a new label would say and which labels in use say something else, where the step asks."""
    therapy, pathway = case.therapy, case.pathway
    if case.kind == "label.issued":
        case.prints = _template(case)
    if therapy is None or pathway is None or pathway.product is None:
        return
    if case.kind == "label.issued":
        case.prints = {**case.prints, **_prints(office, conn, case, therapy)}
    elif case.kind in _RELIES_ON_WORDS:
        case.outdated = tuple(_outdated(office, conn, therapy, pathway, case.containers))
    elif case.kind == "donor.tested":
        coming = replace(therapy, tested={**therapy.tested, **_result(therapy, case.attempt.values)})
        case.outdated = tuple(_outdated(office, conn, coming, pathway, tuple(therapy.containers.values())))


def _template(case: Case) -> dict[str, int]:
    """Return the version of the template that a label is issued with, so that it is drawn with it for ever."""
    return {"template_version": template_of(case.attempt.values["template"]).version}


def _prints(office: Office, conn: Connection, case: Case, therapy: Therapy) -> dict[str, str]:
    """Return what the entry of a label keeps, so that it can be drawn again as it was."""
    country = people.country_of(conn, therapy.site)
    lot = next((container.lot for container in case.containers), None) or _one_lot(case, therapy)
    told = {"country": country, "law": office.law.name, "printed_lot": lot}
    return {name: value for name, value in told.items() if value}


def _one_lot(case: Case, therapy: Therapy) -> str | None:
    """Return the lot that a dose without cells will be of: the only one that is being made."""
    running = [lot.id for lot in therapy.lots.values() if lot.terminated is None]
    is_dose = any(container.purpose is Purpose.DOSE for container in case.containers)
    return running[0] if is_dose and len(running) == 1 else None


def _result(therapy: Therapy, values: Mapping[str, Any]) -> dict[str, DonorTests]:
    return dict.fromkeys(tested_about(therapy, values), read_tests(values))


def _outdated(
    office: Office, conn: Connection, therapy: Therapy, pathway: Pathway, containers: tuple[Container, ...]
) -> Iterator[Outdated]:
    country = people.country_of(conn, therapy.site)
    concerned = {container.id for container in containers}
    for label in therapy.labels.values():
        if label.container in concerned and label.law is not None and label.state in _IN_USE:
            yield from _difference(office.law, therapy, pathway, label, country=country)


def _difference(
    law: Law, therapy: Therapy, pathway: Pathway, label: Label, *, country: str | None
) -> Iterator[Outdated]:
    container = therapy.containers[label.container]
    now = therapy.donor(container)
    if label.lot and (label.lot != container.lot if container.lot else label.lot not in therapy.lots):
        yield Outdated(label.serial, container.id, f"lot {label.lot}", f"lot {container.lot or 'none'}")
    elif said(law, pathway, container, label.donor, label.country) != said(law, pathway, container, now, country):
        yield Outdated(label.serial, container.id, _told(label.donor, label.country), _told(now, country))


def _told(tests: DonorTests, country: str | None) -> str:
    return f"a label for a donor {tests.told}, country {country or 'unknown'}"
