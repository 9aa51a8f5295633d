"""The log: nobody changes it, its page filters it, its file is safe."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.audit import labels, reading, reports, services
from app.audit.models import AuditEntry
from app.core.actor import Actor
from app.core.http import anyone, signed_in
from app.tickets.services import ranking_data
from tests.counting import counted
from tests.factories import accounts, tickets

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
SYSTEM = Actor.system(1)


def write(verb: str = "person.edit", object_id: int | None = 7, actor: Actor = SYSTEM, **more: object) -> None:
    services.record(actor, verb, "person", object_id, **{"now": NOW, **more})


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET verb = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
def test_the_application_cannot_change_the_log(database: Session, statement: str) -> None:
    write()
    with pytest.raises(ProgrammingError) as refused, database.begin_nested():
        database.execute(text(statement))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


def test_an_entry_says_who_what_when_and_what_changed(database: Session) -> None:
    before, after = (
        {"name": "甲", "end": None, "same": 1},
        {"name": "乙", "end": date(2026, 1, 1), "same": 1},
    )
    assert services.record_change(SYSTEM, "person.edit", "person", 7, now=NOW, before=before, after=after)
    assert not services.record_change(SYSTEM, "person.edit", "person", 7, now=NOW, before=before, after=before)
    entry = database.scalars(select(AuditEntry)).one()
    assert (entry.before, entry.after) == ({"name": "甲", "end": None}, {"name": "乙", "end": "2026-01-01"})
    assert sorted(reading.changes(entry)) == [("end", None, "2026-01-01"), ("name", "甲", "乙")]


def test_what_did_not_change_is_no_change(client: FlaskClient, database: Session, frozen: datetime) -> None:
    """A member that is kept to say what the others are about stands once, without an arrow."""
    write(before={"unit": "英语 2502", "to": None}, after={"unit": "英语 2502", "to": "2026-12-01"})
    found = reading.changes(database.scalars(select(AuditEntry)).one())
    assert {each[1:] for each in found} == {("英语 2502", "英语 2502"), (None, "2026-12-01")}
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    page = client.get("/audit").text
    assert page.count('<ins class="now">') == 1
    assert '<del class="was">' not in page


def test_lists_show_what_was_added_and_taken(database: Session) -> None:
    write(before={"permissions": ["a", "b"]}, after={"permissions": ["b", "c"]})
    assert reading.changes(database.scalars(select(AuditEntry)).one()) == [("permissions", "a", "c")]


def test_only_readers_of_the_whole_log_read_it(client: FlaskClient, database: Session) -> None:
    assert client.get("/audit").status_code == 302
    accounts.sign_in(client, accounts.person("dispatcher"))
    assert client.get("/audit").status_code == 403
    assert client.get("/audit.csv").status_code == 403
    partly = accounts.person("admin", scope_kind="campus", scope_id=3)
    accounts.sign_in(client, partly)
    assert client.get("/audit").status_code == 403


def test_the_page_has_its_readers_account_menu(client: FlaskClient, database: Session) -> None:
    reader = accounts.person("admin", locale="en")
    accounts.sign_in(client, reader)
    write()
    page = client.get("/audit").text
    assert ">the system<" in page
    assert 'name="locale"' in page
    assert 'action="/logout"' in page


def test_filters(client: FlaskClient, database: Session, frozen: datetime) -> None:
    reader = accounts.person("admin", locale="en", name="管理员")
    accounts.sign_in(client, reader)
    one = Actor(kind="person", institution_id=1, id=reader.id, name="管理员")
    write("person.create", 7, one, after={"name": "new-one"})
    write("person.disable", 8)
    write("sign-in", 9, success=False, after={"username": "guess"})
    write("person.edit", 7, after={"name": "long-ago"}, now=NOW - timedelta(days=10))

    def shown(query: str) -> int:
        answer = client.get(f"/audit?{query}")
        assert answer.status_code == 200
        return max(0, answer.text.count("<tr") - 1)  # the heading is a row too

    assert shown("") == 4
    assert shown(f"actor={reader.id}") == shown("actor=管理") == 1
    assert shown("actor=%25") == 0
    assert shown("verb=person.disable") == 1
    assert shown("object_kind=person&object_id=7") == 2
    assert shown("refused=1") == 1
    assert shown("since=2026-11-18") == 3
    assert shown("until=2026-11-17") == 1
    assert shown("since=2026-11-09&until=2026-11-18&verb=&actor=") == 3
    for wrong in ("since=x", "object_id=x", "limit=0", "cursor=x", "nonsense=1"):
        assert client.get(f"/audit?{wrong}").status_code == 422
    page = client.get("/audit").text
    assert "Added a person" in page
    assert "new-one" in page


def test_days_are_local(client: FlaskClient, database: Session, frozen: datetime) -> None:
    """23:30 UTC on the 17th is the 18th in Shanghai."""
    accounts.sign_in(client, accounts.person("admin"))
    write(now=datetime(2026, 11, 17, 23, 30, tzinfo=UTC))
    assert client.get("/audit?since=2026-11-18&until=2026-11-18").text.count("<tr") == 2
    assert client.get("/audit?until=2026-11-17").text.count("<tr") == 0


def test_pages_by_keyset_and_a_constant_number_of_statements(client: FlaskClient, database: Session) -> None:
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    for number in range(7):
        write(object_id=number + 1)
    client.get("/audit")
    with counted() as one:
        client.get("/audit?limit=1")
    with counted() as many:
        first = client.get("/audit?limit=3").text
    assert len(one) == len(many) <= 9  # the numbers in the navigation among them
    assert first.count("<tr") == 4
    cursor = first.split("cursor=")[1].split('"')[0]
    assert client.get(f"/audit?limit=3&cursor={cursor}").text.count("<tr") == 4


def test_the_file(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person("admin"))
    write(actor=Actor(kind="person", institution_id=1, id=1, name="=1+1"), after={"name": "甲"})
    answer = client.get("/audit.csv?verb=person.edit")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == "attachment; filename=audit-2026-11-18.csv"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0] == list(reports.HEADINGS)
    assert len(rows) == 2
    assert rows[1][4] == "'=1+1"
    assert rows[1][10] == '{"name":"甲"}'
    answer.close()


def test_the_export_is_logged(client: FlaskClient, database: Session, frozen: datetime) -> None:
    """The entry is written apart, before the file: seen here while the request's own transaction is open."""
    from app.core.transaction import apart

    with apart() as kept:
        services.record(SYSTEM, "audit.export", "audit", None, now=frozen, after={"entries": 0}, session=kept)
    assert database.scalars(select(AuditEntry.verb)).all() == ["audit.export"]


def test_too_much_is_refused_with_the_way(
    client: FlaskClient, database: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST", 2)
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    for _ in range(3):
        write()
    answer = client.get("/audit.csv")
    assert answer.status_code == 422
    assert "shorter period" in answer.text


def read_of(page: str) -> str:
    """The page without what is shown on demand: the entries as they are stored."""
    return re.sub(r"<code.*?</code>", "", page, flags=re.DOTALL)


def test_settings_and_permissions_are_in_words(database: Session, client: FlaskClient) -> None:
    write(before={"tickets.offer_minutes": 10}, after={"tickets.offer_minutes": 15})
    write(before={"permissions": []}, after={"permissions": ["audit.read"]})
    page = read_of(accounts.sign_in(client, accounts.person("admin", locale="en")).get("/audit").text)
    assert "How long an offer waits for its answer" in page
    assert "tickets.offer_minutes" not in page
    assert "audit.read" not in page


def test_a_refusal_is_said_once_and_the_page_by_its_name(database: Session, client: FlaskClient) -> None:
    services.record(SYSTEM, "sign-in", "person", None, now=NOW - timedelta(minutes=1), success=False)
    services.record(
        SYSTEM, "refused", "route", None, now=NOW, after={"method": "GET", "endpoint": "audit.entries"}, success=False
    )
    for locale, once in (("en", "refused"), ("zh-CN", "被拒")):
        page = accounts.sign_in(client, accounts.person("admin", locale=locale)).get("/audit").text
        row = page.partition("<tbody")[2].partition("</tr>")[0].partition("<details")[0]
        assert row.count(once) == 1
        assert "(audit.entries)" in row
        assert ("Tried to sign in" if locale == "en" else "尝试登录") in page


@pytest.mark.parametrize(
    ("endpoint", "part"),
    [
        ("accounts.disable_person", "People"),
        ("accounts.sign_out_person", "People"),
        ("api_accounts.people", "People"),
        ("accounts.own_password", "Me"),
        ("accounts.sign_in", None),
        ("gone.for_good", None),
    ],
)
def test_what_was_refused_is_named_by_its_address(app: Flask, endpoint: str, part: str | None) -> None:
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        assert labels.value("endpoint", endpoint) == (f"{part} ({endpoint})" if part else endpoint)


@pytest.mark.parametrize(("locale", "said"), [("en", "Work orders"), ("zh-CN", "维修工单")])
def test_a_refused_call_is_named_in_words(database: Session, client: FlaskClient, locale: str, said: str) -> None:
    somebody = accounts.person("student")
    headers = accounts.token(somebody)
    assert client.post("/api/v1/work-orders/bulk", json={}, headers=headers).status_code == 403
    accounts.sign_in(client, accounts.person("admin", locale=locale))
    assert f"{said} (api_tickets.bulk_orders)" in read_of(client.get("/audit?refused=1").text)


def test_all_that_can_be_refused_has_a_name(app: Flask) -> None:
    """Whatever not everybody may who is signed in may be refused, and is noted then."""
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        silent = {
            name
            for name, view in app.view_functions.items()
            if vars(view)["policy"] not in (anyone, signed_in) and labels.value("endpoint", name) == name
        }
    assert silent == set()


def test_things_are_called_by_their_names_and_the_stored_stays_at_hand(database: Session, client: FlaskClient) -> None:
    handler, reader = accounts.person("dispatcher", name="周调度"), accounts.person("admin", locale="en")
    services.record(SYSTEM, "feedback.assign", "feedback", 4, now=NOW, after={"handler": handler.id})
    services.record(SYSTEM, "person.disable", "person", handler.id, now=NOW)
    services.record(
        SYSTEM,
        "notice.write",
        "notice",
        9,
        now=NOW,
        after={"kind": "outage", "title": {"en": "No water", "zh-CN": "停水"}, "starts_at": "2026-11-25T15:00:00Z"},
    )
    page = accounts.sign_in(client, reader).get("/audit").text
    seen = read_of(page)
    for words in ("Person 周调度", "Who sees to it", "Planned outage", "No water / 停水", "25 Nov, 23:00"):
        assert words in seen, words
    for slug in (">outage<", "starts_at", "2026-11-25T15"):
        assert slug not in seen, slug
    stored = html.unescape("".join(re.findall(r"<code.*?</code>", page, flags=re.DOTALL)))
    assert '"starts_at": "2026-11-25T15:00:00Z"' in stored, stored
    zh = accounts.sign_in(client, accounts.person("admin", locale="zh-CN")).get("/audit").text
    assert "停水 / No water" in zh


def test_what_has_a_name_is_called_by_it(database: Session, client: FlaskClient) -> None:
    ground, unit = tickets.Ground(), accounts.org_unit("计算机学院")
    changed = {"before": {"trade_id": None}, "after": {"trade_id": ground.trade.id}}
    services.record(SYSTEM, "category.change", "category", ground.category.id, now=NOW, **changed)
    services.record(SYSTEM, "org.close", "org_unit", unit.id, now=NOW)
    page = read_of(accounts.sign_in(client, accounts.person("admin", locale="en")).get("/audit").text)
    for said in (f"Category {ground.category.name['en']}", f"{ground.trade.name['en']}", "Unit 计算机学院"):
        assert said in page, said


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", ("State: Queued", "Campus: {campus}", "Trade: {en}", "Priority: Emergency")),
        ("zh-CN", ("状态: 等待派单", "校区: {campus}", "工种: {zh}", "优先级: 紧急")),
    ],
)
def test_the_filters_of_a_kept_view_are_in_words(
    database: Session, client: FlaskClient, locale: str, said: tuple[str, ...]
) -> None:
    ground = tickets.Ground()
    filters = {"state": "queued", "campus": str(ground.campus.id), "trade": ground.trade.code, "priority": "emergency"}
    services.record(SYSTEM, "view.keep", "view", 4, now=NOW, after={"name": "Night", "filters": filters})
    page = read_of(accounts.sign_in(client, accounts.person("admin", locale=locale)).get("/audit").text)
    names = {"campus": ground.campus.path, "en": ground.trade.name["en"], "zh": ground.trade.name["zh-CN"]}
    for words in said:
        assert words.format(**names) in page, page


@pytest.mark.parametrize("kind", sorted(labels.NAMES))
def test_names_are_looked_up_by_number(database: Session, kind: str) -> None:
    assert labels.NAMES[kind]({"999999999", "x"}) == {}


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_whatever_a_call_did_is_in_words(app: Flask, locale: str) -> None:
    methods = {method for rule in app.url_map.iter_rules() for method in rule.methods or ()} - {"OPTIONS"}
    with app.test_request_context("/", headers={"Accept-Language": locale}):
        assert [method for method in methods if labels.value("method", method) == method] == []


@pytest.mark.parametrize(
    ("locale", "name", "field"), [("en", "Electrician", "Certificate"), ("zh-CN", "电工证", "证书")]
)
def test_certificates_given_and_taken_are_called_by_their_names(
    database: Session, client: FlaskClient, locale: str, name: str, field: str
) -> None:
    ground = tickets.Ground()
    given = {"actor": accounts.actor(ground.dispatcher), "now": NOW}
    kind = ranking_data.add_certificate(code="electrician", name={"zh-CN": "电工证", "en": "Electrician"}, **given)
    person = ground.technician()
    held = ranking_data.give(
        person_id=person.id, certificate_id=kind, number="T-7", last_day=date(2027, 5, 31), **given
    )
    ranking_data.take(person_id=person.id, held_id=held, **given)
    accounts.sign_in(client, accounts.person("admin", locale=locale))
    page = client.get(f"/audit?verb=technician.certificate&object_kind=person&object_id={person.id}").text
    taken, added = (row.partition("<details")[0] for row in page.partition("<tbody")[2].split("<tr")[1:])
    for row, tag in ((taken, "del"), (added, "ins")):
        assert person.name in row
        assert field in row
        for said in (name, "T-7", "2027-05-31"):
            assert f"</span>{said}</{tag}>" in row
        assert "electrician" not in row


@given(st.text(max_size=20))
def test_no_cell_is_a_formula(value: str) -> None:
    assert not reports.safe(value).startswith(("=", "+", "-", "@", "\t", "\r"))
