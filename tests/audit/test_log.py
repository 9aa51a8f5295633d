"""The log: nobody changes it, its page filters it, its file is safe."""

from __future__ import annotations

import ast
import csv
import html
import io
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.accounts.models import Role
from app.audit import labels, reading, reports, services
from app.audit.models import AuditEntry
from app.core.actor import Actor
from app.core.http import anyone, signed_in
from app.imports.models import ImportBatch
from app.imports.services import life
from app.tickets.models import WorkOrder
from app.tickets.services import catalogue, category_versions, ranking_data
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


def test_the_log_is_asked_for_an_object_on_the_page(database: Session, client: FlaskClient) -> None:
    write(object_id=7)
    page = accounts.sign_in(client, accounts.person("admin", locale="en")).get("/audit").text
    assert 'name="object_kind"' in page
    assert 'name="object"' in page
    narrowed = client.get("/audit?object_kind=person&object_id=7&verb=&actor=").text
    assert '<option value="person" selected>' in narrowed
    assert client.get("/audit?object_kind=gone").status_code == 200


def shown_of(client: FlaskClient, query: str) -> list[str]:
    """The objects of the entries a query shows, as the page calls them."""
    answer = client.get("/audit", query_string=query)
    assert answer.status_code == 200
    body = answer.text.partition("<tbody")[2].partition("</tbody")[0]
    cells = [row.split("<td")[4].partition(">")[2] for row in body.split("<tr")[1:]]
    return [re.sub(r"<.*?>", "", cell).strip() for cell in cells]


def test_the_log_is_asked_by_the_numbers_people_know(database: Session, client: FlaskClient) -> None:
    ticket = tickets.Ground().file()
    order = database.scalars(select(WorkOrder).where(WorkOrder.ticket_id == ticket.id)).one()
    student = accounts.person("student", name="王一", username="wang.one")
    accounts.number(student, "2026000001")
    batch = ImportBatch(kind="places", state="uploaded", source="web", filename="a.csv", size=1, uploaded_at=NOW)
    database.add(batch)
    database.flush()
    about = {
        "ticket": (ticket.id, f"Request {ticket.number}"),
        "work_order": (order.id, f"Work order {order.number}"),
        "person": (student.id, "Person 王一"),
        "import": (batch.id, f"Import {life.number(batch.id)}"),
    }
    for kind, (number, _called) in about.items():
        services.record(SYSTEM, "person.edit", kind, number, now=NOW)
        services.record(SYSTEM, "person.edit", kind, number + 1_000_000, now=NOW)
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    for typed, kind in (
        (ticket.number, "ticket"),
        (ticket.number.lower().replace("-", ""), "ticket"),
        (order.number, "work_order"),
        ("2026000001", "person"),
        ("WANG.one", "person"),
        (life.number(batch.id), "import"),
        (f"i{batch.id}", "import"),
    ):
        assert shown_of(client, f"object={typed}") == [about[kind][1]], typed
        assert shown_of(client, f"object={typed}&object_kind={kind}") == [about[kind][1]], typed
        assert shown_of(client, f"object={typed}&object_kind=crew") == [], typed
    assert about["person"][1] in shown_of(client, f"object={student.id}"), "an id is one as before"
    for nothing in ("R26-999999", "nobody", "I-0", "%25", "R26"):
        assert shown_of(client, f"object={nothing}") == [], nothing
    assert 'value="2026000001"' in client.get("/audit?object=2026000001").text
    with client.get(f"/audit.csv?object={ticket.number}") as file:
        assert file.text.count("person.edit") == 1


@pytest.mark.parametrize(
    ("locale", "said", "opens"),
    [
        ("en", "What was done on {0} stands in its own history, not in this log.", "Open {0}"),
        ("zh-CN", "对 {0} 所做的操作记在它自己的历史里，不在本日志中。", "打开 {0}"),
    ],
)
def test_who_looks_for_a_request_or_an_order_is_sent_to_its_own_history(
    database: Session, client: FlaskClient, locale: str, said: str, opens: str
) -> None:
    ticket = tickets.Ground().file()
    order = database.scalars(select(WorkOrder).where(WorkOrder.ticket_id == ticket.id)).one()
    reader = accounts.person("admin", locale=locale)
    accounts.sign_in(client, reader)
    for number in (ticket.number, order.number):
        page = client.get(f"/audit?object={number.lower()}").text
        assert said.format(number) in page
        assert f'<a class="a" href="/tickets/{ticket.id}">{opens.format(number)}</a>' in page
    services.record(SYSTEM, "order.code", "work_order", order.id, now=NOW, success=False)
    page = client.get(f"/audit?object={order.number}").text
    assert said.format(order.number) in page, "beside what the log has, too"
    assert page.count("<tr") == 2
    assert "</option>" in page
    assert '<option value="ticket"' not in page
    assert '<option value="work_order"' in page
    assert said.format("") not in client.get("/audit?object=nobody").text


def test_the_way_to_a_history_is_shown_to_whoever_may_open_it(database: Session, client: FlaskClient) -> None:
    ticket = tickets.Ground().file()
    auditor = accounts.person(locale="en")
    database.add(Role(code="auditor", name={"en": "Auditor"}, permissions=["audit.read"], staff=True))
    database.flush()
    accounts.grant(auditor, "auditor")
    page = accounts.sign_in(client, auditor).get(f"/audit?object={ticket.number}").text
    assert f"What was done on {ticket.number} stands in its own history" in page
    assert f"/tickets/{ticket.id}" not in page


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


APP = Path(__file__).parents[2] / "app"


def calls(*names: str) -> list[ast.Call]:
    """Every call of a function of these names, but those of the audit log's own module."""
    return [
        node
        for path in APP.rglob("*.py")
        if path != APP / "audit" / "services.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")) in names
    ]


ENTRIES = [
    ast.literal_eval(keyword.value) for call in calls("Entries") for keyword in call.keywords if keyword.arg == "kind"
]
"""The kinds of `portal.services.entries`, the one place that makes its verbs of a kind."""


def slugs(given: ast.expr) -> set[str]:
    """What an argument says: a slug, or one for each kind of entry where it is made of `self.kind`; nothing else."""
    parts = given.values if isinstance(given, ast.JoinedStr) else [given]
    said = [part.value if isinstance(part, ast.Constant) else ast.unparse(part).strip("f'{}") for part in parts]
    assert all(isinstance(part, ast.Constant) or word == "self.kind" for part, word in zip(parts, said, strict=True))
    return {"".join(kind if word == "self.kind" else str(word) for word in said) for kind in ENTRIES}


def test_every_verb_and_object_has_words_and_no_other_has() -> None:
    """What any area writes is readable on the page; a writer that took its verb as an argument would hide it here."""
    written, about, silent = set(), set(), set()
    for call in calls("record", "record_change"):
        verbs, kinds = (slugs(argument) for argument in call.args[1:3])
        written |= verbs
        about |= kinds
        silent |= (verbs - labels.VERBS.keys()) | (kinds - labels.OBJECTS.keys())
        for keyword in call.keywords:
            if keyword.arg in ("before", "after") and isinstance(keyword.value, ast.Dict):
                members = {each.value for each in keyword.value.keys if isinstance(each, ast.Constant)}
                silent |= members - labels.FIELDS.keys()
    silent |= (catalogue.CHANGEABLE | category_versions.FORM) - labels.FIELDS.keys()
    assert silent == set()
    assert labels.VERBS.keys() - written == set()
    assert labels.OBJECTS.keys() - about == set(), "kinds to choose from that find nothing"


def test_who_was_quicker_is_asked_of_verbs_that_are_written() -> None:
    """A verb nobody writes would leave the page silent about who changed it."""
    named = {
        argument.value
        for call in calls("heeding", "telling")
        for argument in call.args
        if isinstance(argument, ast.Constant) and "." in str(argument.value)
    }
    assert named - labels.VERBS.keys() == set()


def test_words_are_declared_once() -> None:
    with pytest.raises(ValueError, match=r"these have words already: place\.edit"):
        labels.declare(verbs={"place.edit": "Again"})


@given(st.text(max_size=20))
def test_no_cell_is_a_formula(value: str) -> None:
    assert not reports.safe(value).startswith(("=", "+", "-", "@", "\t", "\r"))
