"""Start and done demand what the category demands, on the page as over the API (tickets-rules 2)."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core.errors import Rejected
from app.core.http.counts import Counts
from app.sites import queries as places
from app.sites import services as sites
from app.sites.rules import stickers
from app.tickets.models import Category, TicketEvent, WorkOrder
from app.tickets.rules import demands
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import category_versions, evidence
from app.tickets.services.evidence import Handed
from tests.factories import accounts, attachments
from tests.factories import tickets as make
from tests.tickets.at_work import ENGLISH, do, offered

pytestmark = pytest.mark.usefixtures("frozen")
Login = Callable[..., FlaskClient]

POINTS = [{"zh-CN": "关阀", "en": "Shut the valve"}, {"zh-CN": "试水", "en": "Try the water"}]
SHUT, TRIED = demands.points({"checklist": POINTS})


def demand(ground: make.Ground, now: datetime, database: Session, **made: Any) -> None:
    category = database.get_one(Category, (1, ground.category.id))
    category_versions.write(category, actor=make.actor(ground.dispatcher), now=now, demands=made)


def at_work(ground: make.Ground, now: datetime) -> tuple[Any, int]:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, OrderAct.START, now=now)
    return technician, order_id


def state(database: Session, order_id: int) -> tuple[str, int]:
    database.expire_all()
    return database.execute(select(WorkOrder.state, WorkOrder.version).where(WorkOrder.id == order_id)).one()


def test_the_page_asks_for_it_names_what_is_missing_and_keeps_what_was_typed(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    demand(ground, now, database, photo_before=True, photo_after=True, code=True, signature=True, checklist=POINTS)
    technician, order_id = at_work(ground, now)
    client = login(technician)
    version = state(database, order_id)[1]
    page = client.get(f"/crew/{order_id}", headers=ENGLISH).get_data(as_text=True)
    for name in ("done_checklist", "done_before", "done_photos", "done_code", "done_signature"):
        assert f'name="{name}"' in page
    assert "Try the water" in page
    sent = {"version": version, "done_note": "New seal", "done_checklist": [SHUT], "done_code": "12 34"}
    refused = client.post(f"/crew/{order_id}/done", data=sent, headers=ENGLISH)
    again = refused.get_data(as_text=True)
    assert refused.status_code == 422
    for said in (
        "Not ticked off yet: Try the water",
        "Add a photo taken before the work and one taken after it.",
        "Ask for the signature.",
    ):
        assert said in again
    assert "\nNew seal</textarea>" in again
    assert f'value="{SHUT}" checked' in again
    assert 'value="12 34"' in again
    in_chinese = client.post(f"/crew/{order_id}/done", data=sent, headers={"Accept-Language": "zh-CN"})
    assert "试水" in in_chinese.get_data(as_text=True)
    code = evidence.code_of(order_id, 1)
    whole = {
        **sent,
        "done_checklist": [SHUT, TRIED],
        "done_code": f" {code[:2]} {code[2:]} ",
        "done_signature": "李 小明",
        "done_before": (io.BytesIO(attachments.jpeg()), "p.jpg"),
        "done_photos": (io.BytesIO(attachments.jpeg()), "p.jpg"),
    }
    assert client.post(f"/crew/{order_id}/done", data=whole).status_code == 303
    assert state(database, order_id)[0] == "done"
    done = database.scalars(select(TicketEvent).where(TicketEvent.kind == "done")).one()
    assert done.data == {"checklist": POINTS, "code": True, "signature": "李 小明"}
    moments = [each.data["moment"] for each in database.scalars(select(TicketEvent).where(TicketEvent.kind == "photo"))]
    assert moments == ["before", "after"]


def test_the_api_obeys_the_same_guards(
    ground: make.Ground, now: datetime, database: Session, client: FlaskClient
) -> None:
    demand(ground, now, database, photo_after=True, signature=True, checklist=POINTS)
    technician, order_id = at_work(ground, now)
    head = {**accounts.token(technician), **ENGLISH}
    asked = client.get(f"/api/v1/work-orders/{order_id}/demands", headers=head)
    assert asked.json == {
        "demands": ["photo_after", "signature"],
        "checklist": [{"code": SHUT, "label": "Shut the valve"}, {"code": TRIED, "label": "Try the water"}],
    }
    path, seen = f"/api/v1/work-orders/{order_id}", {**head, "If-Match": f'"v{state(database, order_id)[1]}"'}
    bare = client.post(f"{path}/transitions", json={"to": "done", "note": "New seal"}, headers=seen)
    assert bare.status_code == 422
    assert {each["field"] for each in bare.json["errors"]} == {"checklist", "photos", "signature"}
    for moment in ("after", "signature"):
        files = {"moment": moment, "photo": (io.BytesIO(attachments.png()), "p.png")}
        assert client.post(f"{path}/photos", data=files, headers=head).status_code == 201
    ticked = {"to": "done", "note": "New seal", "checklist": [SHUT, TRIED]}
    assert client.post(f"{path}/transitions", json=ticked, headers=seen).status_code == 200
    done = database.scalars(select(TicketEvent).where(TicketEvent.kind == "done")).one()
    assert done.data == {"checklist": POINTS, "signature": "drawn"}


def test_the_reporter_alone_reads_the_code_and_the_crew_does_not(
    ground: make.Ground, now: datetime, database: Session, login: Login, client: FlaskClient
) -> None:
    demand(ground, now, database, code=True)
    technician, order_id = at_work(ground, now)
    code = f"<b>{evidence.code_of(order_id, 1)}</b>"
    ticket_id = database.scalar(select(WorkOrder.ticket_id))
    shown = {}
    for who in (ground.student, technician, ground.dispatcher):
        shown[who.id] = code in login(who).get(f"/tickets/{ticket_id}").get_data(as_text=True)
    assert shown == {ground.student.id: True, technician.id: False, ground.dispatcher.id: False}
    told = {
        who.id: client.get(f"/api/v1/tickets/{ticket_id}", headers=accounts.token(who)).json["completion_codes"]
        for who in (ground.student, ground.dispatcher, technician)
    }
    assert [(each["order_id"], each["code"]) for each in told.pop(ground.student.id)] == [
        (str(order_id), evidence.code_of(order_id, 1))
    ]
    assert list(told.values()) == [[], []]
    do(technician, order_id, OrderAct.DONE, now=now, note="x", handed=Handed(code=evidence.code_of(order_id, 1)))
    assert code not in login(ground.student).get(f"/tickets/{ticket_id}").get_data(as_text=True)


def test_codes_differ_by_order_and_cycle(ground: make.Ground) -> None:
    codes = {evidence.code_of(order_id, cycle) for order_id in range(1, 40) for cycle in (1, 2)}
    assert len(codes) > 70
    assert all(len(code) == 4 and code.isdigit() for code in codes)


def test_guesses_of_the_code_are_counted_and_recorded(
    app: Flask, ground: make.Ground, now: datetime, database: Session, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    demand(ground, now, database, code=True)
    technician, order_id = at_work(ground, now)
    client = login(technician)
    right = evidence.code_of(order_id, 1)
    wrong = f"{(int(right) + 1) % 10_000:04d}"
    sent = {"version": state(database, order_id)[1], "done_note": "x", "done_code": wrong}
    monkeypatch.setitem(app.extensions, "houqin_counts", Counts())
    for _ in range(10):
        refused = client.post(f"/crew/{order_id}/done", data=sent, headers=ENGLISH)
        assert refused.status_code == 422
        assert "This is not the reporter’s code." in refused.get_data(as_text=True)
    late = client.post(f"/crew/{order_id}/done", data={**sent, "done_code": right}, headers=ENGLISH)
    assert "entered too often" in late.get_data(as_text=True)
    head = {**accounts.token(technician), "If-Match": f'"v{sent["version"]}"'}
    body = {"to": "done", "note": "x", "code": right}
    api = client.post(f"/api/v1/work-orders/{order_id}/transitions", json=body, headers=head)
    assert api.status_code == 429
    assert int(api.headers["Retry-After"]) >= 1
    assert state(database, order_id)[0] == "working"
    monkeypatch.setitem(app.extensions, "houqin_counts", None)
    with pytest.raises(Rejected):  # nothing is rolled back here, so the record that outlives a refusal can be read
        do(technician, order_id, OrderAct.DONE, now=now, note="x", handed=Handed(code=wrong))
    noted = database.scalars(select(AuditEntry).where(AuditEntry.verb == "order.code")).one()
    assert (noted.success, noted.object_id, noted.actor_id) == (False, order_id, technician.id)


def test_without_a_reporter_who_can_read_it_no_code_is_asked(
    ground: make.Ground, now: datetime, database: Session
) -> None:
    demand(ground, now, database, code=True)
    technician, order_id = at_work(ground, now)
    with pytest.raises(Rejected):
        do(technician, order_id, OrderAct.DONE, now=now, note="x")
    ground.student.disabled_at = now
    database.flush()
    do(technician, order_id, OrderAct.DONE, now=now, note="x")
    assert state(database, order_id)[0] == "done"
    assert not evidence.has_reader(None, now), "nor where it was reported without an account"


def code_of(secret: str) -> str:
    return stickers.code_of(places.sticker_digest(secret))


def test_start_takes_the_sticker_of_the_place_or_of_one_inside_it(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    demand(ground, now, database, scan=True)
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    asset = make.place("asset", "洗手池", ground.room)
    other = make.place("room", "411", ground.floor)
    admin = accounts.actor(accounts.person("admin"))
    hung = {
        label.place.id: label.secret
        for label in sites.issue_stickers([ground.room.id, asset.id, other.id], actor=admin, now=now)
    }
    client = login(technician)

    def start(token: str, **more: str) -> Any:
        data = {"version": state(database, order_id)[1], "start_place_token": token, **more}
        return client.post(f"/crew/{order_id}/start", data=data, headers=ENGLISH)

    assert "Scan the sticker at the place." in start("").get_data(as_text=True)
    wrong = start(hung[other.id], start_reason="other_room")
    assert wrong.status_code == 422
    assert "This sticker is that of 南校区 · 桃园3栋 · 4层 · 411" in wrong.get_data(as_text=True)
    assert "This is no sticker in use." in start("nonsense").get_data(as_text=True)
    assert "This sticker is that of" in start(code_of(hung[other.id])).get_data(as_text=True)
    assert start(f"https://houqin.example/r/{hung[asset.id]}").status_code == 303
    assert state(database, order_id)[0] == "working"
    began = database.scalars(select(TicketEvent).where(TicketEvent.kind == "start")).one()
    assert began.data == {"scan": "right", "scanned_id": str(asset.id)}


def test_who_has_no_camera_types_the_code_beside_the_square(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    demand(ground, now, database, scan=True)
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    (label,) = sites.issue_stickers([ground.room.id], actor=accounts.actor(accounts.person("admin")), now=now)
    page = login(technician).get(f"/crew/{order_id}", headers=ENGLISH).get_data(as_text=True)
    assert "The six characters printed beside the square" in page
    typed = label.code.replace(" ", "-").lower()
    do(technician, order_id, OrderAct.START, now=now, handed=Handed(place_token=typed))
    began = database.scalars(select(TicketEvent).where(TicketEvent.kind == "start")).one()
    assert began.data == {"scan": "right", "scanned_id": str(ground.room.id)}


def test_where_no_scan_is_demanded_a_wrong_sticker_asks_why(
    ground: make.Ground, now: datetime, database: Session
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    with pytest.raises(Rejected) as refused:
        do(technician, order_id, OrderAct.START, now=now, handed=Handed(place_token="unknown"))
    assert set(refused.value.fields) == {"place_token"}
    do(technician, order_id, OrderAct.START, now=now, reason="sticker_gone", handed=Handed(place_token="unknown"))
    began = database.scalars(select(TicketEvent).where(TicketEvent.kind == "start")).one()
    assert (began.reason, began.data) == ("sticker_gone", {"scan": "unknown"})


def test_a_place_without_a_sticker_cannot_be_scanned(ground: make.Ground, now: datetime, database: Session) -> None:
    demand(ground, now, database, scan=True)
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, OrderAct.START, now=now)
    assert state(database, order_id)[0] == "working"


def test_done_on_behalf_shows_the_same_and_says_why_and_when(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    demand(ground, now, database, photo_after=True, checklist=POINTS)
    _technician, order_id = at_work(ground, now - timedelta(hours=2))
    desk = login(ground.dispatcher)
    page = desk.get(f"/dispatch/{order_id}", headers=ENGLISH).get_data(as_text=True)
    assert 'name="done_checklist"' in page
    sent = {"version": state(database, order_id)[1], "done_note": "By phone"}
    refused = desk.post(f"/dispatch/{order_id}/done", data=sent, headers=ENGLISH)
    said = refused.get_data(as_text=True)
    assert refused.status_code == 422
    for words in ("Finish the checklist.", "Add a photo taken after the work.", "Choose or write a reason."):
        assert words in said
    whole = {
        **sent,
        "done_checklist": [SHUT, TRIED],
        "done_photos": (io.BytesIO(attachments.jpeg()), "p.jpg"),
        "done_reason": "no_phone",
        "done_at": f"{now + timedelta(hours=7):%Y-%m-%dT%H:%M}",  # an hour ago on the campus's clock
    }
    assert desk.post(f"/dispatch/{order_id}/done", data=whole).status_code == 303
    assert state(database, order_id)[0] == "done"
