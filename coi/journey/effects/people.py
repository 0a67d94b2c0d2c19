"""What steps change about the therapy itself, its patient and its plan."""

from coi.journey.effects.common import containers_of
from coi.journey.entry import Entry
from coi.journey.therapy import Therapy

DISPOSITIONS = ("discard", "give_back", "keep")


def enrolled(therapy: Therapy, entry: Entry) -> None:
    """Name the pathway, the site, the patient and the plan; the sites of the plan are parties from now on."""
    values = entry.values
    therapy.pathway, therapy.pathway_name = values["pathway"], values["pathway_name"]
    therapy.site, therapy.patient = values["site"], values["patient"]
    therapy.plan = dict(values.get("plan") or {})
    therapy.enrolled_at = entry.occurred_at
    therapy.parties |= {values["site"]} | {site for stage in therapy.plan.values() if (site := stage.get("site"))}


def closed(therapy: Therapy, entry: Entry) -> None:
    """End the therapy with its outcome; what is left of it gets the disposition that was demanded."""
    therapy.closed = entry.values["outcome"]
    therapy.owner = entry.values.get("owner") or therapy.site
    therapy.parties.add(therapy.owner)
    for disposition in DISPOSITIONS:
        for container in containers_of(therapy, entry.values.get(disposition, ())):
            container.disposition = disposition


def postponed(therapy: Therapy, entry: Entry) -> None:
    """Halt every step that brings the therapy on."""
    therapy.postponed = entry.reason or "postponed"


def resumed(therapy: Therapy, entry: Entry) -> None:  # noqa: ARG001 - one shape for all effects
    """Let the therapy go on."""
    therapy.postponed = None


def plan_changed(therapy: Therapy, entry: Entry) -> None:
    """Expect a stage at another time or site; who the site is becomes a party."""
    site = entry.values.get("site")
    before = therapy.plan.get(entry.values["stage"], {})
    therapy.plan[entry.values["stage"]] = {
        "at": entry.values.get("at") or before.get("at"),
        "site": site or before.get("site"),
    }
    if site:
        therapy.parties.add(site)


def site_changed(therapy: Therapy, entry: Entry) -> None:
    """Let another site treat the patient; the former one stays a party."""
    therapy.site = entry.values["site"]
    therapy.parties.add(therapy.site)


def verified(therapy: Therapy, entry: Entry) -> None:
    """Remember that the patient was verified, and when."""
    therapy.verified = (entry.id, entry.occurred_at)


EFFECTS = {
    "therapy.enrolled": enrolled,
    "therapy.closed": closed,
    "therapy.postponed": postponed,
    "therapy.resumed": resumed,
    "plan.changed": plan_changed,
    "site.changed": site_changed,
    "patient.verified": verified,
}
