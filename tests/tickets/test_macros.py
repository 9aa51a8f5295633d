"""Macros: one click does an act, notes and tells, by the same table and guards; kept by who may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core import clock
from app.core.errors import Conflict, Rejected
from app.tickets.models import Macro, TicketEvent, WorkOrder
from app.tickets.rules import macros as rules
from app.tickets.rules.macros import Content, MacroAct
from app.tickets.services import macros as services
from tests.editing import fields_of, save
from tests.factories import accounts
from tests.factories import tickets as factory
from tests.tickets.at_work import ENGLISH

PARTS: dict[str, Any] = {
    "name": {"zh-CN": "已订配件", "en": "Parts ordered"},
    "act": "hold",
    "reason": "parts",
    "days": 3,
    "note": "Asked the store.",
    "message": {"zh-CN": "配件已订，{until} 到（{number}）", "en": "Parts come by {until} ({number})"},
}


@pytest.fixture
def supervisor(ground: factory.Ground) -> Any:
    return accounts.person("supervisor")


def add(client: FlaskClient, person: Any, **changed: Any) -> Any:
    return client.post("/api/v1/macros", json={**PARTS, **changed}, headers={**accounts.token(person), **ENGLISH})


def fields(answer: Any) -> list[str]:
    return sorted(each["field"] for each in answer.json["errors"])


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (Content(), {"act"}),
        (Content(note="x"), set()),
        (Content(act=MacroAct.HOLD, reason="parts"), {"days"}),
        (Content(act=MacroAct.HOLD, reason="access"), set()),
        (Content(act=MacroAct.HOLD, reason="because"), {"reason"}),
        (Content(act=MacroAct.CANCEL), {"reason"}),
        (Content(act=MacroAct.CANCEL, reason="My own words"), set()),
        (Content(act=MacroAct.POOL, reason="parts"), {"reason"}),
        (Content(act=MacroAct.POOL, days=2), {"days"}),
        (Content(message={"en": "{number} {until}"}), {"message_en"}),
        (Content(message={"zh-CN": "{number} {x}"}), {"message_zh"}),
        (Content(act=MacroAct.HOLD, reason="parts", days=1, message={"en": "{number} {until}"}), set()),
    ],
)
def test_what_could_never_be_carried_out_is_refused(content: Content, wrong: set[str]) -> None:
    assert set(rules.faults(content)) == wrong


def test_marks_are_filled_once() -> None:
    assert rules.filled("{number} {until} {", {"number": "{until}"}) == "{until} {until} {"


def test_one_click_holds_notes_and_tells(
    client: FlaskClient, ground: factory.Ground, supervisor: Any, database: Session, login: Any
) -> None:
    made = add(client, supervisor)
    assert made.status_code == 201
    filed = ground.file()
    items = [{"id": str(filed.order_id), "version": 1}]
    sent = {"action": "macro", "macro": made.json["id"], "items": items}
    answer = client.post("/api/v1/work-orders/bulk", json=sent, headers=accounts.token(ground.dispatcher))
    assert [each["status"] for each in answer.json["items"]] == [200]
    order = database.get_one(WorkOrder, (1, filed.order_id))
    assert (order.state, order.hold_reason) == ("on_hold", "parts")
    assert order.hold_until is not None
    assert abs(order.hold_until - clock.now() - timedelta(days=3)) < timedelta(minutes=5)
    kinds = {
        row.kind: row for row in database.scalars(select(TicketEvent).where(TicketEvent.ticket_id == filed.id)).all()
    }
    assert (kinds["note"].note, kinds["note"].audience) == ("Asked the store.", "staff")
    assert kinds["note"].data == {"macro": int(made.json["id"])}
    assert order.number in kinds["message"].note
    assert "{" not in kinds["message"].note
    assert kinds["message"].audience == "reporter"
    assert kinds["hold"].note is None  # the reporter reads that event
    login(ground.dispatcher)
    for headers, said in (
        (ENGLISH, f"{order.number}: Asked the store."),
        ({"Accept-Language": "zh-CN"}, f"{order.number}：Asked the store."),
    ):
        assert said in client.get(f"/tickets/{filed.id}", headers=headers).text, "a note says of which order it speaks"


def test_each_order_by_itself_and_wholly(
    client: FlaskClient, ground: factory.Ground, supervisor: Any, database: Session
) -> None:
    """What the table does not allow leaves nothing behind: no note, no message."""
    macro = add(client, supervisor, act="requeue", reason=None, days=None, message={"en": "Hello"}).json["id"]
    filed, other = ground.file(), ground.file()
    services.use(
        actor=accounts.actor(ground.dispatcher),
        now=clock.now(),
        order_id=other.order_id or 0,
        seen=1,
        macro=database.get_one(Macro, (1, int(add(client, supervisor, message=None).json["id"]))),
    )
    database.flush()
    version = database.scalar(select(WorkOrder.version).where(WorkOrder.id == other.order_id))
    sent = {
        "action": "macro",
        "macro": macro,
        "items": [{"id": str(filed.order_id), "version": 1}, {"id": str(other.order_id), "version": version}],
    }
    answer = client.post("/api/v1/work-orders/bulk", json=sent, headers=accounts.token(ground.dispatcher))
    assert [each["status"] for each in answer.json["items"]] == [409, 200]
    said = database.scalars(
        select(TicketEvent.ticket_id).where(TicketEvent.kind == "message", TicketEvent.note == "Hello")
    ).all()
    assert said == [other.id]
    stale = client.post("/api/v1/work-orders/bulk", json=sent, headers=accounts.token(ground.dispatcher))
    assert [each["status"] for each in stale.json["items"]] == [409, 412]
    gone = {**sent, "macro": "999999"}
    answer = client.post("/api/v1/work-orders/bulk", json=gone, headers=accounts.token(ground.dispatcher))
    assert answer.status_code == 404
    none = {**sent, "macro": None}
    answer = client.post("/api/v1/work-orders/bulk", json=none, headers=accounts.token(ground.dispatcher))
    assert answer.status_code == 422


def test_who_keeps_macros(client: FlaskClient, ground: factory.Ground, supervisor: Any, database: Session) -> None:
    assert add(client, ground.dispatcher).status_code == 403
    made = add(client, supervisor)
    where, headers = f"/api/v1/macros/{made.json['id']}", accounts.token(supervisor)
    assert client.get(where, headers=accounts.token(ground.dispatcher)).json["days"] == 3
    assert client.put(where, json=PARTS, headers=headers).status_code == 428
    seen = {**headers, "If-Match": '"v1"'}
    changed = client.put(where, json={**PARTS, "days": 5}, headers=seen)
    assert (changed.status_code, changed.json["days"], changed.json["version"]) == (200, 5, 2)
    assert client.put(where, json=PARTS, headers=seen).status_code == 412
    assert client.delete(where, headers=seen).status_code == 412
    assert client.delete(where, headers={**headers, "If-Match": '"v2"'}).status_code == 204
    assert client.get(where, headers=headers).status_code == 404
    verbs = list(
        database.scalars(select(AuditEntry.verb).where(AuditEntry.object_kind == "macro").order_by(AuditEntry.id))
    )
    assert verbs == ["macro.add", "macro.change", "macro.close"]


def test_what_the_api_refuses(client: FlaskClient, ground: factory.Ground, supervisor: Any) -> None:
    assert fields(add(client, supervisor, days=0)) == ["days"]
    assert fields(add(client, supervisor, name={})) == ["name"]
    assert fields(add(client, supervisor, name={"de": "x"})) == ["name"]
    assert fields(add(client, supervisor, act="done")) == ["act"]
    assert fields(add(client, supervisor, reason="x" * 600)) == ["reason"]
    assert fields(add(client, supervisor, message={"en": "{place}"})) == ["message_en"]
    assert fields(add(client, supervisor, message=["x"])) == ["message"]


def test_a_macro_without_an_act_notes_and_the_pool_is_an_act(
    ground: factory.Ground, supervisor: Any, database: Session
) -> None:
    order_id, now = ground.file().order_id or 0, clock.now()
    pooled = []
    for content in (Content(note="Called."), Content(act=MacroAct.POOL), Content(act=MacroAct.UNPOOL)):
        macro = services.add(actor=accounts.actor(supervisor), now=now, name={"en": "x"}, position=0, content=content)
        assert services.message(macro, order_id, now) == ""
        services.use(actor=accounts.actor(ground.dispatcher), now=now, order_id=order_id, seen=None, macro=macro)
        database.expire_all()
        pooled.append(database.get_one(WorkOrder, (1, order_id)).pooled)
    assert pooled == [False, True, False]
    assert database.scalars(select(TicketEvent.note).where(TicketEvent.kind == "note")).all() == ["Called."]


def test_a_macro_has_a_name(ground: factory.Ground, supervisor: Any) -> None:
    with pytest.raises(Rejected) as refused:
        services.add(actor=accounts.actor(supervisor), now=clock.now(), name={}, position=0, content=Content(note="n"))
    assert set(refused.value.fields) == {"name_zh"}


def test_there_are_at_most_a_hundred(ground: factory.Ground, supervisor: Any, database: Session) -> None:
    for _each in range(100):
        database.add(Macro(name={"en": "x"}, note="n"))
    database.flush()
    with pytest.raises(Conflict):
        services.add(
            actor=accounts.actor(supervisor), now=clock.now(), name={"en": "y"}, position=0, content=Content(note="n")
        )


def test_the_form_keeps_what_was_typed(
    client: FlaskClient, login: Any, ground: factory.Ground, supervisor: Any, database: Session
) -> None:
    login(supervisor)
    sent = {"name_en": "Parts", "act": "hold", "reason": "parts", "note": "N", "message_en": "{when}"}
    refused = client.post("/dispatch/macros/new", data=sent)
    assert refused.status_code == 422
    assert "{when}" in refused.text
    made = client.post("/dispatch/macros/new", data={**sent, "days": "3", "message_en": "{until}"})
    assert made.status_code == 303
    macro = database.scalars(select(Macro)).one()
    assert (macro.days, macro.message) == (3, {"en": "{until}"})
    assert client.get("/dispatch/macros").status_code == 200
    assert client.get(f"/dispatch/macros/{macro.id}").status_code == 200
    where = f"/dispatch/macros/{macro.id}"
    opened = fields_of(client.get(where).text, where)
    own = {"name_zh": "取消", "act": "cancel", "reason": "other", "words": "重复"}
    assert save(client, where, own).status_code == 303
    database.expire_all()
    assert (macro.act, macro.reason, macro.days) == ("cancel", "重复", None)
    assert "重复" in client.get(f"/dispatch/macros/{macro.id}").text
    assert client.post(where, data={**opened, "note": "Called."}).status_code == 412
    assert client.post(f"/dispatch/macros/{macro.id}/close", data={"version": "1"}).status_code == 412
    assert client.post(f"/dispatch/macros/{macro.id}/close", data={"version": "2"}).status_code == 303
    assert client.get(f"/dispatch/macros/{macro.id}").status_code == 404


def test_macros_on_the_board_and_beside_the_list(
    client: FlaskClient, login: Any, ground: factory.Ground, supervisor: Any, database: Session
) -> None:
    macro = services.add(
        actor=accounts.actor(supervisor),
        now=clock.now(),
        name={"en": "Parts"},
        position=0,
        content=Content(act=MacroAct.HOLD, reason="parts", days=2),
    )
    first, second = ground.file(), ground.file()
    login(ground.dispatcher)
    assert f'value="macro:{macro.id}"' in client.get("/dispatch/board").text
    done = client.post("/dispatch/bulk", data={"action": f"macro:{macro.id}", "item": f"{first.order_id}:1"})
    assert done.status_code == 303
    page = client.get(f"/dispatch/{second.order_id}").text
    assert f"/dispatch/{second.order_id}/macros" in page
    one = {"macro_macro": str(macro.id), "macro_version": "1"}
    assert client.post(f"/dispatch/{second.order_id}/macros", data=one).status_code == 303
    again = client.post(f"/dispatch/{second.order_id}/macros", data=one)
    assert again.status_code == 412
    database.expire_all()
    states = database.scalars(select(WorkOrder.state).where(WorkOrder.id.in_([first.order_id, second.order_id])))
    assert list(states) == ["on_hold", "on_hold"]
    closed = client.post("/dispatch/bulk", data={"action": "macro:999", "item": f"{first.order_id}:2"})
    assert closed.status_code == 303
    assert client.post(f"/dispatch/{second.order_id}/macros", data={**one, "macro_macro": "999"}).status_code == 404


def test_sheets_kept_for_a_page_follow_people_macros_and_language(
    client: FlaskClient, login: Any, ground: factory.Ground, supervisor: Any, database: Session
) -> None:
    """They are drawn once for the same content: what changed, and for whom it is drawn, shows at once."""
    person = ground.technician()
    ground.file()
    add(client, supervisor)
    browser = login(ground.dispatcher)

    def page(language: str) -> str:
        answer = browser.get("/dispatch", headers={"Accept-Language": language})
        return str(answer.get_data(as_text=True)).partition('id="move"')[2]

    assert "Parts ordered" in page("en")
    assert "已订配件" in page("zh-CN")
    assert "Parts ordered" not in page("zh-CN")
    database.scalars(select(Macro)).one().name = {"zh-CN": "已备料", "en": "Parts are here"}
    person.name = "Somebody Else"
    database.flush()
    found = page("en")
    assert "Parts are here" in found
    assert "Parts ordered" not in found
    assert f'<option value="{person.id}">Somebody Else</option>' in found


def test_moves_of_the_menu(client: FlaskClient, login: Any, ground: factory.Ground, database: Session) -> None:
    first = ground.file()
    login(ground.dispatcher)
    hold = {"action": "hold", "item": f"{first.order_id}:1", "hold_reason": "weather", "until": "2030-01-01T08:00"}
    assert client.post("/dispatch/bulk", data=hold).status_code == 303
    order = database.get_one(WorkOrder, (1, first.order_id))
    database.refresh(order)
    assert (order.state, order.hold_reason) == ("on_hold", "weather")
    back = {"action": "requeue", "item": f"{first.order_id}:{order.version}"}
    assert client.post("/dispatch/bulk", data=back).status_code == 303
    database.refresh(order)
    assert order.state == "queued"
    assert client.post("/dispatch/bulk", data={**hold, "until": "soon"}).status_code == 422
    many = {"action": "pool", "item": [f"{n}:1" for n in range(1, 102)]}
    assert client.post("/dispatch/bulk", data=many).status_code == 303
