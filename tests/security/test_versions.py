"""No form undoes what somebody else did after it was opened: each says what it was made from, and is refused if stale.

The forms are found in the URL map: an address of one object that shows a form and takes it edits that object, so a new
page cannot forget its version. `ADDS` are the few that only add something of its own or name what is to be expressly.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core.db import db
from app.sites.models import Place
from app.tickets.models import SavedView
from tests.editing import fields_of
from tests.factories import accounts, world
from tests.security.test_matrix import EVERYTHING, address

ADDS = {
    "/crew/<order_id>/more-time",
    "/catalogue/categories/<category_id>/questions/new",
    "/crews/technicians/<person_id>/certificates",
    "/dispatch/requests/<ticket_id>/order",
    "/people/<person_id>/home",
    "/people/<person_id>/identifiers",
    "/people/<person_id>/password",
    "/people/<person_id>/roles",
    "/people/<person_id>/units",
    "/places/<place_id>/labels",
    "/tickets/<ticket_id>/split",
}
ELSEWHERE = {
    "/calendars/<calendar_id>/edit/week": "tests/sites/test_calendar_pages.py",
    "/calendars/<calendar_id>/publish": "tests/sites/test_calendar_pages.py",
    "/catalogue/categories/<category_id>/questions/<code>": "tests/tickets/test_catalogue_questions.py",
    "/service-levels/<policy_id>/edit": "tests/tickets/test_sla_policy_pages.py",
    "/tickets/<ticket_id>/merge": "tests/tickets/test_incidents.py",
    "/tickets/<ticket_id>/priority": "tests/tickets/test_reclassify.py",
    "/tickets/<ticket_id>/reclassify": "tests/tickets/test_reclassify.py",
}
"""Drafts of versions and acts on requests, whose stale versions are tested with what they need beside it."""
VERSION = "version"
TYPED: dict[str, dict[str, str]] = {
    "/places/<place_id>/close": {"on": "2030-01-01"},
    "/places/<place_id>/move": {"parent_id": "{ground.building.id}"},
    "/places/<place_id>/successor": {"clear": "1"},
    "/feedback/<feedback_id>/repair": {"category": "1"},
    "/imports/<int:batch_id>/return": {"reason": "Half of it is missing."},
}
"""What has to be filled in before anything else is judged, with ids of the world."""


def typed(where: str, ids: dict[str, Any]) -> dict[str, str]:
    return {name: value.format(**ids) for name, value in TYPED.get(where, {}).items()}


OF_THEMSELVES = {
    "/answers/<answer_id>/vote",
    "/catalogue/categories/<category_id>/questions/<code>/move",
    "/catalogue/categories/<category_id>/questions/<code>/remove",
    "/catalogue/categories/<category_id>/questions/discard",
    "/catalogue/categories/<category_id>/questions/publish",
    "/calendars/<calendar_id>/discard",
    "/calendars/<calendar_id>/edit/dates",
    "/calendars/<calendar_id>/edit/holidays",
    "/calendars/<calendar_id>/edit/season",
    "/calendars/<calendar_id>/edit/seasons/<number>/remove",
    "/crews/<crew_id>/members",
    "/crews/<crew_id>/members/<member_id>/end",
    "/dispatch/runs/<run_id>/stop",
    "/dispatch/views/<view_id>/default",
    "/feedback/<feedback_id>/messages",
    "/me/sessions/<session_id>/revoke",
    "/me/tokens/<token_id>/revoke",
    "/notifications/<int:notification_id>/open",
    "/operations/deliveries/<int:delivery_id>/drop",
    "/operations/deliveries/<int:delivery_id>/retry",
    "/people/<person_id>/identifiers/<identifier_id>/end",
    "/people/<person_id>/roles/<grant_id>/revoke",
    "/people/<person_id>/sessions/revoke",
    "/people/<person_id>/tokens/<token_id>/revoke",
    "/people/<person_id>/units/<membership_id>/end",
    "/places/<place_id>/stickers/<sticker_id>/revoke",
    "/service-levels/<policy_id>/discard",
    "/webhooks/<int:webhook_id>/test",
    "/webhooks/messages/<int:message_id>/replay",
}
"""Acts that add something of their own, or end one thing that is named and does not change; and drafts, as above."""
OF_REQUESTS = ("/crew/", "/crews/technicians/", "/dispatch/<order_id>/", "/duty-calls/", "/more-time/", "/tickets/")
"""Acts on requests, orders and people's work, each judged by its state; tested in tests/tickets."""


def posted(app: Flask, *, shown: bool) -> list[str]:
    """The addresses of one object that take a form: those that show it themselves, or the others."""
    methods: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        if any(name.endswith("_id") for name in rule.arguments) and not rule.rule.startswith(("/api/", "/open311/")):
            methods.setdefault(rule.rule, set()).update(rule.methods or ())
    return sorted(where for where, some in methods.items() if "POST" in some and ("GET" in some) == shown)


def other(version: str) -> str:
    """Another version than this one, of the same look."""
    return str(int(version) + 1) if version.isdecimal() else version[:-1] + ("1" if version[-1] == "0" else "0")


def test_every_page_that_edits_a_row_refuses_a_stale_version(
    app: Flask, client: FlaskClient, database: Session
) -> None:
    ids = world.build()
    somebody = accounts.person(*EVERYTHING)
    database.get_one(SavedView, (1, ids["view_id"])).owner_id = somebody.id
    accounts.sign_in(client, somebody)
    found = posted(app, shown=True)
    assert ADDS | set(ELSEWHERE) <= set(found)
    assert [name for name in ELSEWHERE.values() if "== 412" not in Path(name).read_text()] == []
    rules = {rule.rule: rule for rule in app.url_map.iter_rules()}
    wrong: dict[str, Any] = {}
    for where in found:
        if where in ADDS or where in ELSEWHERE:
            continue
        at = address(rules[where], ids)
        page = client.get(at)
        if page.status_code != 200:
            wrong[where] = page.status_code
            continue
        sent = fields_of(page.text, at)
        if VERSION not in sent:
            wrong[where] = "no version"
            continue
        for key, seen in {"stale": other(sent[VERSION][0]), "none": "", "nonsense": "\x00@-."}.items():
            late = client.post(at, data={**sent, **typed(where, ids), VERSION: seen, "idempotency_key": key})
            if late.status_code != 412 or fields_of(late.text, at)[VERSION] == [seen]:
                wrong[where] = seen, late.status_code
    assert wrong == {}


def test_every_act_on_a_row_refuses_a_page_that_says_no_version(
    app: Flask, client: FlaskClient, database: Session
) -> None:
    """Closing, opening, publishing, removing: buttons undo as much as forms do."""
    ids = world.build()
    somebody = accounts.person(*EVERYTHING)
    database.get_one(SavedView, (1, ids["view_id"])).owner_id = somebody.id
    accounts.sign_in(client, somebody)
    found = posted(app, shown=False)
    assert set(found) >= OF_THEMSELVES
    rules = {rule.rule: rule for rule in app.url_map.iter_rules()}
    wrong: dict[str, Any] = {}
    for where in found:
        if where in OF_THEMSELVES or where.startswith(OF_REQUESTS):
            continue
        at = address(rules[where], ids)
        for seen in ("", "999", "\x00"):
            late = client.post(at, data={**typed(where, ids), VERSION: seen})
            if late.status_code != 412 or "</main>" not in late.text:
                wrong[where] = seen, late.status_code
    assert wrong == {}


FORMS: list[tuple[str, str, str, str]] = [
    ("/people/{person_id}/edit", "email", "phone", "13800001111"),
    ("/places/{place_id}/edit", "code", "name", "一零二"),
    ("/orgs/{unit_id}/edit", "name", "code", "NEW-1"),
    ("/crews/{crew_id}/edit", "name_en", "name_zh", "新班"),
    ("/roles/{role_id}", "name_en", "name_zh", "学生们"),
    ("/catalogue/trades/{trade_id}", "name_en", "name_zh", "水工"),
    ("/catalogue/categories/{category_id}", "name_en", "name_zh", "水"),
    ("/me", "email", "phone", "13800001111"),
    ("/answers/{answer_id}/edit", "keywords", "title_en", "Taps"),
    ("/contacts/{contact_id}", "name_en", "phone", "13800001111"),
    ("/notices/{notice_id}/edit", "title_en", "body_zh", "明天上午"),
    ("/dispatch/macros/{macro_id}", "name_en", "note", "Called twice."),
]


@pytest.mark.parametrize(("where", "theirs", "mine", "typed"), FORMS)
def test_two_tabs_lose_nothing(
    client: FlaskClient, database: Session, where: str, theirs: str, mine: str, typed: str
) -> None:
    """The second is told what changed, keeps what he typed, takes over what he left alone; saved again, it is kept."""
    ids = world.build()
    accounts.sign_in(client, accounts.person(*EVERYTHING, locale="en", name="Ann"))
    at = where.format(**ids)
    new = "new@example.edu" if theirs == "email" else "Renamed"
    client.post(at, data=fields_of(client.get(at).text, at))  # what a save derives of a bare row is there
    opened = fields_of(client.get(at).text, at)
    first = client.post(at, data={**opened, theirs: new, "idempotency_key": "a"})
    assert first.status_code in (302, 303), first.text
    assert client.post(at, data={**opened, "version": ""}).status_code == 412, "what says nothing is not newer"
    late = client.post(at, data={**opened, mine: typed, "idempotency_key": "b"})
    assert late.status_code == 412
    assert "by yourself in another window" in late.text
    assert late.text.count('class="field__error"') == 1
    assert "what stands here now is new" in late.text
    again = fields_of(late.text, at)
    assert (again[theirs], again[mine]) == ([new], [typed])
    assert client.post(at, data=again).status_code in (302, 303)
    kept = fields_of(client.get(at).text, at)
    assert (kept[theirs], kept[mine]) == ([new], [typed])


def test_who_was_quicker_is_named_and_both_values_are_shown(client: FlaskClient, database: Session) -> None:
    """Both changed the e-mail: nothing is saved before the second has seen what the first made of it."""
    target = accounts.person("student", email="old@example.edu")
    first, second = accounts.person("admin", name="王海"), accounts.person("admin", locale="zh-CN")
    at = f"/people/{target.id}/edit"
    accounts.sign_in(client, first)
    opened = fields_of(client.get(at).text, at)
    client.post(at, data={**opened, "email": "first@example.edu", "idempotency_key": "a"})
    accounts.sign_in(client, second)
    late = client.post(at, data={**opened, "email": "second@example.edu", "idempotency_key": "b"})
    assert late.status_code == 412
    assert "王海" in late.text
    assert "first@example.edu" in late.text
    assert fields_of(late.text, at)["email"] == ["second@example.edu"]
    assert db.session.get_one(Person, (1, target.id)).email == "first@example.edu"
    assert client.post(at, data=fields_of(late.text, at)).status_code == 302
    assert db.session.get_one(Person, (1, target.id)).email == "second@example.edu"


def test_a_permission_granted_meanwhile_is_not_taken_away(client: FlaskClient, database: Session) -> None:
    accounts.sign_in(client, accounts.person(*EVERYTHING, locale="en"))
    role = accounts.role("student")
    before = list(role.permissions)
    at = f"/roles/{role.id}"
    opened = fields_of(client.get(at).text, at)
    granted = sorted({*opened["permissions"], "people.lookup"})
    assert client.post(at, data={**opened, "permissions": granted, "idempotency_key": "a"}).status_code == 302
    late = client.post(at, data={**opened, "name_en": "Students", "idempotency_key": "b"})
    assert late.status_code == 412
    assert sorted(fields_of(late.text, at)["permissions"]) == granted
    fewer = client.post(at, data={**opened, "permissions": before[1:], "idempotency_key": "c"})
    assert "Only in the new one: " in fewer.text
    assert role.permissions == granted


def test_a_place_that_changed_otherwise_stays_editable(client: FlaskClient, database: Session) -> None:
    """What the form does not show may change beside it: no needless refusal."""
    ids = world.build()
    accounts.sign_in(client, accounts.person(*EVERYTHING))
    at = f"/places/{ids['place_id']}/edit"
    opened = fields_of(client.get(at).text, at)
    database.get_one(Place, (1, ids["place_id"])).sort_key = "other"
    database.flush()
    assert client.post(at, data={**opened, "name": "Other"}).status_code == 302


def test_orders_at_a_time_and_choices_of_mail(client: FlaskClient, database: Session) -> None:
    """Forms that stand on a page of more: the technician's cap, and what is mailed."""
    ids = world.build()
    accounts.sign_in(client, accounts.person(*EVERYTHING, locale="en"))
    at = f"/crews/technicians/{ids['technician'].id}"
    opened = fields_of(client.get(at).text, f"{at}/cap")
    assert client.post(f"{at}/cap", data={**opened, "cap_cap": "3", "idempotency_key": "a"}).status_code == 303
    late = client.post(f"{at}/cap", data={**opened, "cap_cap": "6", "idempotency_key": "b"})
    assert (late.status_code, fields_of(late.text, f"{at}/cap")["cap_cap"]) == (412, ["6"])
    assert client.post(f"{at}/cap", data=fields_of(late.text, f"{at}/cap")).status_code == 303
    mail = "/notifications/choices"
    opened = fields_of(client.get(mail).text, mail)
    assert client.post(mail, data={**opened, "mail": ["ticket-accepted"], "idempotency_key": "c"}).status_code == 302
    late = client.post(mail, data={**opened, "idempotency_key": "d"})
    assert (late.status_code, fields_of(late.text, mail)["mail"]) == (412, ["ticket-accepted"])
