"""`flask users …`, `flask roles …`, `flask institution …`: accounts and rights from the command line.

They act as the system, so that the first administrator can be made; each prints what it did, and a refusal is one
sentence and exit code 1.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup
from flask_babel import force_locale
from sqlalchemy import select

from app.accounts import queries, services
from app.accounts.models import Person, Role
from app.accounts.services import institutions, passwords, rights
from app.core import backup, clock, institution, moving
from app.core.actor import Actor
from app.core.commands import inside, of_institution
from app.core.db import db
from app.core.errors import DomainError, Rejected
from app.core.transaction import transaction
from app.core.words import LANGUAGES
from app.sites import queries as places

users = AppGroup("users", help="Accounts: create, list, disable, enable, set-password.")
roles = AppGroup("roles", help="Roles: list, sync with this release.")
institution_group = AppGroup("institution", help="Institutions: create, list, export, import, verify.")

COMMANDS = (users, roles, institution_group)


@contextmanager
def _inside(code: str | None) -> Iterator[Actor]:
    """One transaction of an institution; a refusal becomes a sentence."""
    with force_locale("en"), inside(code) as here, _refusals(), transaction():
        yield Actor.system(here)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        said = [str(error.message)] if error.message else []
        if isinstance(error, Rejected):
            said += [f"{name}: {each}" for name, group in error.fields.items() for each in group]
        raise click.ClickException("; ".join(said) or error.code) from error


def _person(username: str) -> Person:
    found = queries.person_by_username(username)
    if found is None:
        raise click.ClickException(f"There is no account {username}.")
    return found


def _password(*, generate: bool, from_stdin: bool) -> str:
    if generate and from_stdin:
        raise click.UsageError("Choose one of --generate and --password-stdin.")
    if generate:
        return passwords.generate()
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    given: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return given


_password_options: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--password-stdin", "from_stdin", is_flag=True, help="Read the password from the first line of stdin."
    ),
    click.option("--generate", is_flag=True, help="Draw a password and print it."),
    click.option(
        "--must-change/--no-must-change",
        default=None,
        help="Ask for another password at the first sign-in; default: where it was drawn.",
    ),
)


def _with_password(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_password_options):
        command = option(command)
    return command


@users.command("create")
@click.argument("username")
@click.option("--name", help="Name of the person; default: the account name.")
@click.option(
    "--role",
    "granted",
    multiple=True,
    metavar="ROLE[@SCOPE:CODE]",
    help="For the whole institution, or e.g. dormmanager@building:TY3, technician@crew:C1, student@own. Repeatable.",
)
@click.option("--email")
@click.option("--locale", type=click.Choice(LANGUAGES))
@click.option("--student-no")
@click.option("--staff-no")
@_with_password
@of_institution
def create_user(
    username: str,
    name: str | None,
    granted: tuple[str, ...],
    email: str | None,
    locale: str | None,
    student_no: str | None,
    staff_no: str | None,
    from_stdin: bool,
    generate: bool,
    must_change: bool | None,
    code: str | None,
) -> None:
    """Make the account USERNAME with its roles."""
    password = _password(generate=generate, from_stdin=from_stdin)
    moment = clock.now()
    with _inside(code) as actor:
        made = services.create_person(
            actor,
            moment,
            name=name or username,
            username=username,
            password=password,
            must_change=generate if must_change is None else must_change,
            student_no=student_no,
            staff_no=staff_no,
            email=email,
            locale=locale,
        )
        for each in granted:
            role, scope_kind, scope_id = _role_and_scope(each)
            rights.grant(
                actor,
                made,
                role_id=role.id,
                scope_kind=scope_kind,
                scope_id=scope_id,
                start=None,
                end=None,
                now=moment,
            )
        person_id = made.id
    click.echo(f"Account {username} is made (person {person_id}).")
    if generate:
        click.echo(f"Password: {password}")


def _role_and_scope(text: str) -> tuple[Role, str, int | None]:
    role_code, _at, scope = text.partition("@")
    role = db.session.scalars(select(Role).where(Role.code == role_code, Role.valid_to.is_(None))).first()
    if role is None:
        known = ", ".join(each.code for each in queries.roles()) or "none (flask roles sync)"
        raise click.ClickException(f"There is no role {role_code}; known: {known}.")
    kind, _colon, object_code = (scope or "institution").partition(":")
    if kind in ("institution", "own"):
        return role, kind, None
    found: Any
    if kind == "crew":
        found = queries.crew_by_code(object_code)
    elif kind == "org":
        found = queries.org_by_code(object_code)
    elif kind in ("campus", "building"):
        found = places.by_codes([object_code]).get(object_code)
    else:
        raise click.ClickException(f"{kind} is no scope: institution, campus, building, crew, org, own.")
    if found is None:
        raise click.ClickException(f"There is no {kind} with the code {object_code}.")
    return role, kind, found.id


@users.command("list")
@click.argument("query", default="")
@click.option("--role", help="Only holders of this role.")
@of_institution
def list_users(query: str, role: str | None, code: str | None) -> None:
    """Accounts whose name, number or account name fits QUERY."""
    with _inside(code) as actor:
        cursor: str | None = None
        while True:
            found = queries.people(actor, clock.now(), q=query, role=role, cursor=cursor, limit=100)
            for line in found.items:
                held = ",".join(held_code for held_code, _name in line.roles) or "-"
                click.echo("\t".join((str(line.id), line.username or "-", line.name, line.state, held)))
            if found.next is None:
                return
            cursor = found.next


@users.command("disable")
@click.argument("username")
@of_institution
def disable_user(username: str, code: str | None) -> None:
    """Close the account USERNAME at once and end its sessions and tokens."""
    with _inside(code) as actor:
        services.people.disable(actor, _person(username), clock.now())
    click.echo(f"Account {username} is disabled.")


@users.command("enable")
@click.argument("username")
@of_institution
def enable_user(username: str, code: str | None) -> None:
    """Open the disabled account USERNAME again."""
    with _inside(code) as actor:
        services.people.enable(actor, _person(username), clock.now())
    click.echo(f"Account {username} is enabled.")


@users.command("set-password")
@click.argument("username")
@_with_password
@of_institution
def set_user_password(
    username: str, from_stdin: bool, generate: bool, must_change: bool | None, code: str | None
) -> None:
    """Give the account USERNAME another password and end its sessions and tokens."""
    password = _password(generate=generate, from_stdin=from_stdin)
    with _inside(code) as actor:
        changes = generate if must_change is None else must_change
        passwords.set_password(actor, _person(username), password, clock.now(), must_change=changes)
    click.echo(f"The password of {username} is set; sessions and tokens are ended.")
    if generate:
        click.echo(f"Password: {password}")


@roles.command("sync")
@of_institution
def sync(code: str | None) -> None:
    """Bring the roles that ship with Houqin to this release; what the institution changed itself stays."""
    with _inside(code) as actor:
        changed = services.sync_roles(actor, clock.now())
    for role, (added, removed) in changed.items():
        click.echo(f"{role}: " + " ".join([*(f"+{each}" for each in added), *(f"-{each}" for each in removed)]))
    click.echo("Roles are up to date." if not changed else f"{len(changed)} roles changed.")


@roles.command("list")
@of_institution
def list_roles(code: str | None) -> None:
    """Roles with their permissions."""
    with _inside(code):
        for role in queries.roles():
            click.echo(f"{role.code}\t{' '.join(role.permissions)}")


@institution_group.command("create")
@click.argument("code")
@click.option("--name-zh", required=True, help="Name in Chinese.")
@click.option("--name-en", required=True, help="Name in English.")
@click.option("--host", "hosts", multiple=True, help="Host name its pages answer to; repeatable. None: the only one.")
@click.option("--zone", default="Asia/Shanghai", show_default=True, help="IANA time zone.")
@click.option("--number", type=click.IntRange(1), help="Its id: give it where several cells share them. Default: next.")
def create_institution(
    code: str, name_zh: str, name_en: str, hosts: tuple[str, ...], zone: str, number: int | None
) -> None:
    """Make the institution CODE and its roles."""
    config = current_app.config["HOUQIN"]
    if not config.owner_database_url:
        raise click.ClickException("Set OWNER_DATABASE_URL: only the owner of the tables makes institutions.")
    with _refusals():
        institution_id = institutions.create(
            config.owner_database_url,
            code=code,
            name={"zh-CN": name_zh, "en": name_en},
            hosts=hosts,
            flags={"zone": zone},
            number=number,
        )
    with _inside(code) as actor:
        services.sync_roles(actor, clock.now())
    click.echo(
        f"Institution {code} is made ({institution_id}) with its roles. Next: flask users create NAME --role admin"
    )


@institution_group.command("export")
@click.argument("code")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
def export_institution(code: str, target: Path) -> None:
    """Write all of the institution CODE, rows and files, into one FILE. For a move, stop its site first."""
    click.echo(f"Written {target}: {backup.summary(moving.export(code, target))}.")


@institution_group.command("import")
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False))
def import_institution(source: Path) -> None:
    """Take the institution of an exported FILE into this database: all of it, checked, or nothing."""
    manifest = moving.take_in(source)
    click.echo(f"{manifest['institution']['code']} is here: {backup.summary(manifest)}; all checksums are identical.")


@institution_group.command("verify")
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False))
def verify_institution(source: Path) -> None:
    """Compare an exported FILE with what is here. Exit code 1 where anything differs."""
    if wrong := moving.differences(source):
        raise click.ClickException(f"These differ: {', '.join(wrong)}.")
    click.echo("Nothing differs.")


@institution_group.command("list")
def list_institutions() -> None:
    """Institutions of this database."""
    for facts in institution.institutions():
        click.echo(f"{facts.id}\t{facts.code}\t{facts.name.get('zh-CN', '')}\t{' '.join(facts.hosts)}")
