"""Many orders chosen on board or list: what waits with Undo is asked for first, and said as it will be."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.tickets.models import TicketEvent, WorkOrder
from app.tickets.rules.macros import Content, MacroAct
from app.tickets.services import macros
from tests.factories import accounts
from tests.factories import tickets as factory

CHECK = "/dispatch/bulk/check"


def macro(content: Content) -> Any:
    supervisor = accounts.actor(accounts.person("supervisor"))
    return macros.add(actor=supervisor, now=clock.now(), name={"en": "Tell them"}, position=0, content=content)


def states(database: Session, *order_ids: int | None) -> list[str]:
    database.expire_all()
    rows = select(WorkOrder.state).where(WorkOrder.id.in_(order_ids)).order_by(WorkOrder.id)
    return list(database.scalars(rows))


def test_cancelling_many_is_asked_for_and_nothing_is_done(
    desk: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    first, second, third = (ground.file().order_id for _each in range(3))
    items = [f"{first}:1", f"{second}:1", f"{third}:9"]
    before = database.scalars(select(TicketEvent.id)).all()
    answer = desk.post(CHECK, data={"action": "cancel", "reason": "not needed", "item": items})
    assert answer.status_code == 200
    assert answer.json == {"doing": "Cancel the orders: 2 orders in ten seconds.\n1 is left as it is."}
    assert states(database, first, second, third) == ["queued"] * 3
    assert database.scalars(select(TicketEvent.id)).all() == before


def test_what_would_be_refused_wholly_is_said_and_does_not_wait(
    desk: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    item = f"{ground.file().order_id}:1"
    for data, why in (
        ({"action": "cancel", "item": item}, "reason"),
        ({"action": "cancel", "reason": "x"}, "Choose 1 to 100"),
        ({"action": "burn", "item": item}, "Choose 1 to 100"),
        ({"action": "macro:x", "item": item}, "Choose 1 to 100"),
        ({"action": "assign", "item": item}, "Say to whom."),
        ({"action": "macro:999", "item": item}, "The macro is closed."),
        ({"action": "cancel", "reason": "x", "scope": "queued"}, ""),
    ):
        answer = desk.post(CHECK, data=data)
        assert answer.status_code == 422, data
        assert why in answer.json["why"], data
    assert desk.post(CHECK, data={"action": "hold", "item": item, "until": "soon"}).status_code == 422


def test_what_reporters_will_read_is_shown_before_it_goes(
    desk: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    message = {"zh-CN": "{number} 的配件 {until} 到", "en": "Parts of {number} come {until}"}
    made = macro(Content(act=MacroAct.HOLD, reason="parts", days=2, message=message))
    ground.student.locale = "en"
    first, second = ground.file().order_id, ground.file().order_id
    number = database.get_one(WorkOrder, (1, first)).number
    page = desk.get("/dispatch/board").text
    assert "Parts of {number} come {until}" in page, "the button shows what it writes"
    both = desk.post(CHECK, data={"action": f"macro:{made.id}", "item": [f"{first}:1", f"{second}:1"]}).json["doing"]
    assert "2 orders in ten seconds" in both
    assert f"Parts of {number} come" in both
    assert "{until}" not in both
    one = {"macro_macro": str(made.id), "macro_version": "1"}
    alone = desk.post(f"/dispatch/{first}/macros/check", data=one)
    assert f"Its reporter reads: “Parts of {number} come" in alone.json["doing"]
    assert states(database, first, second) == ["queued", "queued"]
    assert not database.scalars(select(TicketEvent.id).where(TicketEvent.kind == "message")).all()
    assert desk.post(f"/dispatch/{first}/macros/check", data={"macro_version": "1"}).status_code == 422
    assert desk.post(f"/dispatch/{first}/macros/check", data={**one, "macro_version": "7"}).status_code == 412
    whole = desk.post("/dispatch/bulk", data={"action": f"macro:{made.id}", "scope": "queued"}).text
    assert "Parts of {number} come" in whole, "the question about a whole column shows it, too"


def test_only_what_is_read_outside_or_cannot_be_taken_back_waits(desk: FlaskClient, ground: factory.Ground) -> None:
    order_id = ground.file().order_id
    macro(Content(act=MacroAct.POOL, note="For whoever is near."))
    for page, tag in (("/dispatch/board", "<button"), (f"/dispatch/{order_id}", "<form")):
        before = desk.get(page).text.rpartition("Tell them")[0]
        assert "data-later" not in before.rpartition(tag)[2], page
    assert "data-later" in desk.get("/dispatch/board").text.split('value="cancel"')[1].split(">")[0]


def test_orders_are_chosen_on_the_list_too_and_it_comes_back(
    desk: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    order_id = ground.file().order_id
    page = desk.get("/dispatch?priority=normal").text
    assert f'value="{order_id}:1"' in page
    assert "all of “Open” (1)" in page
    done = desk.post("/dispatch/bulk?to=list&priority=normal", data={"action": "pool", "item": f"{order_id}:1"})
    assert (done.status_code, done.location) == (303, "/dispatch?priority=normal")
    asked = desk.post("/dispatch/bulk?to=list&priority=normal", data={"action": "unpool", "scope": "open"}).text
    assert "Back to the list" in asked
    assert "to=list" in asked
    ground.file(place_text="外面")
    assert "data-bulk" not in desk.get("/dispatch?state=waits").text
    assert desk.get("/dispatch?to=elsewhere").status_code == 422
    filtered = desk.get("/dispatch?priority=normal", headers={"HX-Request": "true"}).text
    assert filtered.lstrip().startswith('<form class="boardform" id="listform"')
