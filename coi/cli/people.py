"""`coi organisation` and `coi person`: who there is, outside the demo. Nobody is ever removed."""

import secrets
from zoneinfo import available_timezones

import click
from argon2 import PasswordHasher

from coi.actions import people
from coi.cli import opening
from coi.journey.steps import Role


@click.group()
def organisation() -> None:
    """Sites and courier companies."""


@organisation.command("add")
@click.argument("code")
@click.option("--title", required=True, help="Its name, as people read it.")
@click.option("--kind", type=click.Choice(["site", "courier"]), default="site", help="What it is.")
@click.option("--country", default="", help="Two letters, such as FR.")
@click.option("--zone", default="UTC", help="Its IANA zone, such as Europe/Paris.")
def add_organisation(*, code: str, title: str, kind: str, country: str, zone: str) -> None:
    """Add the organisation CODE."""
    if zone not in available_timezones():
        raise click.BadParameter("expected an IANA zone such as Europe/Paris.", param_hint="--zone")
    with opening.office(guarded=True) as office:
        people.add_organisation(office, code=code, title=title, kind=kind, country=country, zone=zone)
        click.echo(f"{code} was added.")


@organisation.command("country")
@click.argument("code")
@click.argument("country")
def set_country(*, code: str, country: str) -> None:
    """Say in which COUNTRY (two letters) the organisation CODE lies: what labels say by law depends on it."""
    with opening.office(guarded=True) as office:
        people.set_country(office, code, country=country)
        click.echo(f"{code} lies in {country.upper()}.")


@click.group()
def person() -> None:
    """People who may sign in."""


@person.command("add")
@click.argument("code")
@click.option("--name", required=True, help="The person's own name.")
@click.option("--grant", "grants", multiple=True, required=True, metavar="ORGANISATION:ROLE",
              help="A role at an organisation; '*' is every organisation. May be given several times.")  # fmt: skip
def add_person(*, code: str, name: str, grants: tuple[str, ...]) -> None:
    """Add the person CODE; the first password is made up and shown once."""
    found = opening.settings()
    hasher = PasswordHasher(found.argon2_time_cost, found.argon2_memory_cost, found.argon2_parallelism)
    password = secrets.token_urlsafe(12)
    with opening.office(found, guarded=True) as office:
        people.add_person(office, code=code, name=name, password=hasher.hash(password),
                          grants=[_grant(text) for text in grants])  # fmt: skip
        click.echo(f"{code} was added. The first password, shown only now: {password}")


@person.command("password")
@click.argument("code")
def renew_password(*, code: str) -> None:
    """Make a new password for the person CODE, shown once; the old one is right no more."""
    found = opening.settings()
    hasher = PasswordHasher(found.argon2_time_cost, found.argon2_memory_cost, found.argon2_parallelism)
    password = secrets.token_urlsafe(12)
    with opening.office(found, guarded=True) as office:
        people.renew_password(office, code, password=hasher.hash(password))
        click.echo(f"The new password of {code}, shown only now: {password}")


def _grant(text: str) -> tuple[str, Role]:
    organisation_code, _, role = text.rpartition(":")
    if not organisation_code or role not in {known.value for known in Role}:
        known = ", ".join(sorted(known.value for known in Role))
        raise click.BadParameter(f"expected ORGANISATION:ROLE with a role of {known}.", param_hint="--grant")
    return organisation_code, Role(role)


COMMANDS = (organisation, person)
