"""`flask users`, `flask roles`, `flask institution`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import queries, services
from app.accounts.models import Person, RoleGrant
from app.core.actor import Actor
from app.core.db import institution_bound
from tests import ground
from tests.factories import accounts, sites

Run = Callable[..., Result]
GOOD = "vK7-mtq-93x-pLw"


@pytest.fixture
def run(app: Flask, database: Session) -> Run:
    """A command line inside the test's transaction."""
    runner = app.test_cli_runner()

    def invoke(*arguments: str, typed: str | None = None) -> Result:
        database.commit()
        return runner.invoke(args=list(arguments), input=typed)

    return invoke


def account(database: Session, username: str) -> Person:
    return database.scalars(select(Person).where(Person.username == username)).one()


def test_the_first_administrator(run: Run, database: Session, frozen: datetime) -> None:
    assert "changed" in run("roles", "sync").output
    assert "up to date" in run("roles", "sync").output
    made = run("users", "create", "root", "--name", "管理员", "--role", "admin", "--generate")
    assert made.exit_code == 0, made.output
    password = made.output.split("Password: ")[1].strip()
    person = services.sign_in("root", password, address="a", now=frozen)
    assert person.must_change_password
    assert accounts.actor(person).can("roles.grant")
    assert "admin\t" in run("roles", "list").output


def test_passwords_from_stdin_or_a_prompt(run: Run, database: Session, frozen: datetime) -> None:
    assert run("users", "create", "lin", "--password-stdin", typed=f"{GOOD}\n").exit_code == 0
    assert services.sign_in("lin", GOOD, address="a", now=frozen).must_change_password is False
    assert run("users", "create", "wang", typed=f"{GOOD}\n{GOOD}\n").exit_code == 0
    assert services.sign_in("wang", GOOD, address="a", now=frozen).name == "wang"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("users", "create", "lin", "--password-stdin"), "at least 12"),
        (("users", "create", "taken", "--generate"), "taken"),
        (("users", "create", "x", "--generate", "--role", "nope"), "no role nope"),
        (("users", "create", "x", "--generate", "--role", "student@moon"), "is no scope"),
        (("users", "create", "x", "--generate", "--role", "student@building:B9"), "no building with the code B9"),
        (("users", "create", "x", "--generate", "--password-stdin"), "Choose one"),
        (("users", "disable", "nobody"), "no account nobody"),
        (("users", "list", "--institution", "elsewhere"), "known: test"),
        (("institution", "create", "Bad Code", "--name-zh", "甲", "--name-en", "A"), "small letters"),
        (("institution", "create", "test", "--name-zh", "甲", "--name-en", "A"), "already"),
    ],
)
def test_refusals_are_sentences(run: Run, database: Session, arguments: tuple[str, ...], said: str) -> None:
    accounts.person("student", username="taken")
    answer = run(*arguments, typed="short\n")
    assert answer.exit_code != 0
    assert said in answer.output
    assert "Traceback" not in answer.output
    assert database.scalars(select(Person).where(Person.username == "x")).first() is None


def test_roles_with_scopes(run: Run, database: Session, frozen: datetime) -> None:
    building = sites.building(code="TY3")
    crew, unit = accounts.crew(), accounts.org_unit()
    run("roles", "sync")
    granted = ("student@own", "dormmanager@building:TY3", f"technician@crew:{crew.code}", f"counsellor@org:{unit.code}")
    options = [part for each in granted for part in ("--role", each)]
    assert run("users", "create", "lin", "--generate", *options).exit_code == 0
    held = database.scalars(select(RoleGrant).where(RoleGrant.person_id == account(database, "lin").id))
    assert {(each.scope_kind, each.scope_id) for each in held} == {
        ("own", None),
        ("building", building.id),
        ("crew", crew.id),
        ("org", unit.id),
    }


def test_accounts_are_listed_closed_opened_and_given_passwords(run: Run, database: Session, frozen: datetime) -> None:
    person = accounts.person("student", name="林晓", username="lin")
    accounts.token(person)
    listed = run("users", "list", "lx").output
    assert f"{person.id}\tlin\t林晓\tactive\tstudent" in listed
    assert run("users", "list", "--role", "admin").output == ""
    assert run("users", "disable", "LIN").exit_code == 0
    database.refresh(person)
    assert person.disabled_at is not None
    assert queries.live_tokens(person.id, frozen) == []
    assert run("users", "enable", "lin").exit_code == 0
    assert run("users", "set-password", "lin", "--generate").exit_code == 0
    database.refresh(person)
    assert (person.disabled_at, person.must_change_password) == (None, True)


def test_a_new_institution_has_its_roles(run: Run, servers: ground.Ground, database: Session) -> None:
    try:
        made = run(
            "institution", "create", "north", "--name-zh", "北方大学", "--name-en", "North", "--host", "N.example"
        )
        assert made.exit_code == 0, made.output
        assert "north" in run("institution", "list").output
        number = int(made.output.split("(")[1].split(")")[0])
        database.commit()
        with institution_bound(number):
            assert {role.code for role in queries.roles()} >= {"admin", "student"}
            assert Actor.system(number).can("anything")
    finally:
        with psycopg.connect(servers.owner_url.replace("+psycopg", "")) as owner:
            owner.execute("DELETE FROM institution WHERE code = 'north'")


def test_every_group_explains_itself(run: Run) -> None:
    for group in ("users", "roles", "institution"):
        answer: Any = run(group, "--help")
        assert answer.exit_code == 0
