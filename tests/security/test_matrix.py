"""Route × actor × object, generated from the URL map (quality.md, Secure)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text, true
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app.accounts.rules.roles import SEEDS
from app.core.actor import Actor, Grant, Scope
from app.core.db import db, institution_bound
from app.core.http.application import SAFE_METHODS
from app.portal.queries import feedback_viewer, notices
from app.tickets.queries import viewer
from tests import ground, savepoints
from tests.factories import accounts, world
from tests.security import matrix

STATIC = "static"
FOREIGN_INSTITUTION = 2
REFUSED = {401, 403}
EVERYTHING = ("admin", "technician", "dispatcher", "registry", "dormmanager")  # together they hold every right
PLAIN = {"act": "accept", "form": "csv", "kind": "places", "outcome": "refused", "name": "limits.requests_per_minute"}


def actor_of(role: str) -> Actor:
    seed = next(each for each in SEEDS if each.code == role)
    grant = Grant(role, seed.permissions, Scope("institution"))
    return Actor(kind="person", institution_id=1, id=1, grants=(grant,))


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != STATIC]


def expected(endpoint: str) -> str | frozenset[str] | None:
    return next((who for who, endpoints in matrix.ROUTES.items() if endpoint in endpoints), None)


def test_the_table_names_every_route_once(app: Flask) -> None:
    listed = [endpoint for endpoints in matrix.ROUTES.values() for endpoint in endpoints]
    assert len(listed) == len(set(listed))
    assert set(listed) == {rule.endpoint for rule in rules(app)}


def test_each_policy_lets_in_exactly_the_roles_of_the_table(app: Flask) -> None:
    wrong = []
    everybody = {seed.code: actor_of(seed.code) for seed in SEEDS}
    with app.test_request_context():
        for endpoint in sorted({rule.endpoint for rule in rules(app)}):
            who = expected(endpoint)
            policy: Any = vars(app.view_functions[endpoint])["policy"]
            let_in = frozenset(code for code, actor in everybody.items() if policy(actor))
            wanted = frozenset(everybody) if isinstance(who, str) or who is None else who
            if endpoint in matrix.KEEPS_INPUT:
                wanted = matrix.KEEPS_INPUT[endpoint]
            if let_in != wanted or bool(policy(Actor.anonymous(1))) != (who == matrix.ANYONE):
                wrong.append((endpoint, sorted(let_in ^ wanted)))
    assert wrong == []


def address(rule: Rule, ids: dict[str, Any]) -> str:
    found = rule.rule
    for name in rule.arguments:
        value = str(ids.get(name, PLAIN.get(name, "x")))
        for form in (f"<{name}>", f"<int:{name}>", f"<string:{name}>", f"<path:{name}>"):
            found = found.replace(form, value)
    return found


def ask(client: FlaskClient, rule: Rule, ids: dict[str, Any], headers: dict[str, str]) -> tuple[str, int, str]:
    method = min((rule.methods or set()) - {"OPTIONS", "HEAD"})
    where = address(rule, ids)
    if where.startswith("/api/"):
        headers = {"If-Match": "*", "Idempotency-Key": f"k{where}", **headers}
        json = None if method in SAFE_METHODS else {}
        answer = client.open(where, method=method, headers=headers, json=json)
    else:
        data = None if method in SAFE_METHODS else {"version": "1"}
        answer = client.open(where, method=method, data=data)
    answer.close()
    return f"{method} {rule.rule}", answer.status_code, answer.location or ""


@pytest.fixture
def own(database: Session) -> dict[str, Any]:
    return world.build()


@pytest.fixture(scope="module")
def foreign(app: Flask) -> dict[str, Any]:
    """The same world in another institution, committed: nothing of it may ever be seen from the first."""
    with app.app_context(), institution_bound(FOREIGN_INSTITUTION):
        ids = world.build()
        kept = {name: value for name, value in ids.items() if name.endswith("_id")}
        db.session.commit()
        db.session.remove()
    return kept


def test_nobody_not_signed_in_passes(app: Flask, client: FlaskClient, own: dict[str, Any]) -> None:
    """Without session or token: 401, or the sign-in page; forms that keep their input answer so too."""
    through = []
    for rule in rules(app):
        if expected(rule.endpoint) == matrix.ANYONE and rule.endpoint not in matrix.KEEPS_INPUT:
            continue
        name, status, location = ask(client, rule, own, {})
        if status != 401 and not (status in (302, 303) and location.startswith("/login")):
            through.append((name, status, location))
    assert through == []


@pytest.mark.parametrize("role", ["student", "technician", "contractor", "dormmanager", "finance", "leader"])
def test_who_is_not_in_the_table_is_refused_over_http(
    app: Flask, client: FlaskClient, own: dict[str, Any], role: str
) -> None:
    somebody = accounts.person(role)
    accounts.sign_in(client, somebody)
    headers = accounts.token(somebody)
    through = []
    for rule in rules(app):
        who = expected(rule.endpoint)
        if isinstance(who, str) or who is None or role in who:
            continue
        name, status, _location = ask(client, rule, own, headers)
        if status != 403:
            through.append((name, status))
    assert through == []


def walk(app: Flask, client: FlaskClient, ids: dict[str, Any], roles: tuple[str, ...]) -> list[tuple[str, int]]:
    """Ask every route with an object for these ids as somebody with all rights; what is not 404 comes back.

    A form refused for its content (422), a missing version (428) says nothing of the object.
    """
    return seen_by(app, client, ids, entered(client, roles))


def entered(client: FlaskClient, roles: tuple[str, ...]) -> dict[str, str]:
    """Sign somebody with these roles in; his token's headers."""
    somebody = accounts.person(*roles)
    accounts.sign_in(client, somebody)
    return accounts.token(somebody)


def seen_by(
    app: Flask, client: FlaskClient, ids: dict[str, Any], headers: dict[str, str], *, reads_only: bool = False
) -> list[tuple[str, int]]:
    """The same as whoever is signed in."""
    seen = []
    for rule in rules(app):
        if not any(name.endswith("_id") for name in rule.arguments):
            continue
        if reads_only and "GET" not in (rule.methods or set()):
            continue
        name, status, _location = ask(client, rule, ids, headers)
        method = name.split(" ", 1)[0]
        if status != 404 and (method in SAFE_METHODS or status not in (422, 428)):
            seen.append((name, status))
    return seen


def test_objects_of_another_institution_do_not_exist(
    app: Flask, client: FlaskClient, database: Session, foreign: dict[str, Any]
) -> None:
    assert walk(app, client, foreign, EVERYTHING) == []


def test_row_level_security_alone_hides_another_institution(
    app: Flask, client: FlaskClient, database: Session, foreign: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same with the scope conditions patched away: every viewer sees everything, the database still does not."""
    see_everything(monkeypatch)
    assert walk(app, client, foreign, EVERYTHING) == []


def test_where_row_level_security_does_not_bind_the_same_walk_sees_it(
    app: Flask, servers: ground.Ground, foreign: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof of the proof: to the superuser, whom no policy binds, the other institution lies open."""
    see_everything(monkeypatch)
    monkeypatch.setattr(app, "testing", False)  # what two institutions at once break is an answer too
    with savepoints.rolled_back(app, servers.owner_url.replace("houqin_owner", "postgres")) as session:
        session.execute(text("SET LOCAL ROLE houqin_web"))
        client = savepoints.Browser(app, app.response_class, use_cookies=True)
        headers = entered(client, EVERYTHING)
        session.execute(text("RESET ROLE"))
        seen = seen_by(app, client, foreign, headers, reads_only=True)
    # the rest is one person's own (views, runs, work in hand), or a draft or number that the world does not have
    assert len(seen) > 70


def see_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patch the conditions away by which a list or an object is a viewer's."""
    monkeypatch.setattr(viewer, "tickets_seen", lambda _actor: true())
    monkeypatch.setattr(viewer, "orders_seen", lambda _actor: true())
    monkeypatch.setattr(feedback_viewer, "own", lambda _actor: true())
    monkeypatch.setattr(feedback_viewer, "handled", lambda _actor: true())
    monkeypatch.setattr(notices, "writable", lambda _actor: true())
    monkeypatch.setattr(Actor, "covers", lambda *_given: True)


def test_ids_that_cannot_be_are_404(app: Flask, client: FlaskClient, database: Session) -> None:
    for strange in ("0", "9223372036854775808", "9" * 4000, "١٢٣", "1%00"):
        ids = {name: strange for rule in rules(app) for name in rule.arguments if name.endswith("_id")}
        assert walk(app, client, ids, EVERYTHING) == [], strange


def test_another_reporter_sees_nothing_of_a_ticket(app: Flask, client: FlaskClient, own: dict[str, Any]) -> None:
    other = accounts.person("student")
    accounts.sign_in(client, other)
    headers = accounts.token(other)
    seen = []
    for rule in rules(app):
        if not {"ticket_id", "order_id", "attachment_id"} & rule.arguments:
            continue
        name, status, _location = ask(client, rule, own, headers)
        if status not in (404, 403, 422, 428):
            seen.append((name, status))
    assert seen == []


def test_who_is_complained_about_finds_nothing_of_it(app: Flask, client: FlaskClient, own: dict[str, Any]) -> None:
    """Every route with a piece of feedback answers him, who may handle all others, as if it did not exist."""
    named = own["dispatcher"]
    other = accounts.person("dispatcher")
    found = {}
    for person in (named, other):
        accounts.sign_in(client, person)
        headers = accounts.token(person)
        answers = [ask(client, rule, own, headers) for rule in rules(app) if "feedback_id" in rule.arguments]
        found[person.id] = {name: status for name, status, _location in answers}
    assert len(found[named.id]) >= 10
    assert {name: status for name, status in found[named.id].items() if status not in (404, 422, 428)} == {}
    reads = {name for name in found[named.id] if name.startswith("GET")}
    assert {found[named.id][name] for name in reads} == {404}
    assert {found[other.id][name] for name in reads} == {200}


def test_the_reporter_sees_his_ticket_and_not_the_order(client: FlaskClient, own: dict[str, Any]) -> None:
    headers = accounts.token(own["person"])
    assert client.get(f"/api/v1/tickets/{own['ticket_id']}", headers=headers).status_code == 200
    assert client.get(f"/api/v1/work-orders/{own['order_id']}", headers=headers).status_code in REFUSED | {404}
