"""What is the whole institution's or nothing is not had by who holds a role for a part of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts.rules.roles import UNDIVIDED
from app.core.actor import Scope
from app.portal.queries import operations
from tests.factories import accounts, sites

PAGES = (
    "/settings",
    "/operations",
    "/operations/mail",
    "/webhooks",
    "/roles/new",
    "/people/new",
    "/audit",
    "/catalogue/trades/new",
    "/dispatch/macros/new",
    "/contacts/new",
    "/answers/new",
)


@pytest.mark.parametrize("scope", ["own", "campus"])
def test_an_administrator_of_a_part_changes_nothing_of_all(
    client: FlaskClient, database: Session, frozen: datetime, scope: Any
) -> None:
    campus = sites.place("campus", None, "东校区")
    scope_id = campus.id if scope == "campus" else None
    local = accounts.person("admin", scope_kind=scope, scope_id=scope_id, locale="en")
    actor = accounts.actor(local)
    assert not [each for each in UNDIVIDED if actor.can(each)]
    assert actor.can("people.read")
    assert {each.scope for each in actor.grants} == {Scope(scope, scope_id)}
    accounts.sign_in(client, local)
    for page in PAGES:
        answer = client.get(page)
        assert answer.status_code == 403, page
        assert "it concerns the whole institution" in answer.text, page


def test_only_who_can_let_it_run_again_is_told_of_parked_work(database: Session, frozen: datetime) -> None:
    campus = sites.place("campus", None, "东校区")
    accounts.person("admin", scope_kind="campus", scope_id=campus.id)
    accounts.person("admin", scope_kind="own")
    whole = accounts.person("admin")
    assert operations.menders(frozen) == [whole.id]


def test_who_holds_it_for_all_may(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person("admin"))
    assert {page: client.get(page).status_code for page in PAGES} == dict.fromkeys(PAGES, 200)
