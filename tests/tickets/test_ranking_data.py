"""Certificates and walks on their pages, and what the ranking makes of them."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core.actor import Actor
from app.tickets.services import dispatching, ranking_data
from tests.editing import fields_of, press
from tests.factories import tickets as make
from tests.tickets.at_work import filed

pytestmark = pytest.mark.usefixtures("frozen")


def test_rule_37_a_demanded_certificate_until_its_last_day(
    ground: make.Ground, planner: FlaskClient, database: Session, now: datetime
) -> None:
    person = ground.technician()
    ground.category.certificates = ["height"]
    database.flush()
    order_id, system = filed(ground), Actor.system(1)
    page = f"/crews/technicians/{person.id}/certificates"
    assert (
        planner.post("/crews/technicians/certificates", data={"code": "height", "name_zh": "高处作业"}).status_code
        == 303
    )
    assert planner.post("/crews/technicians/certificates", data={"code": "height", "name_zh": "x"}).status_code == 422
    done = dispatching.dispatch_order(actor=system, now=now, order_id=order_id)
    assert done is not None
    assert done.state == "queued"
    (kind,) = ranking_data.certificates(now.date())
    expired = planner.post(page, data={"certificate": kind.id, "until": "2026-11-17"})
    assert expired.status_code == 422
    assert planner.post(page, data={"certificate": kind.id + 1}).status_code == 422
    assert planner.post(page, data={"certificate": kind.id, "number": "T-7", "until": "2026-11-18"}).status_code == 303
    assert "T-7" in planner.get(page).get_data(as_text=True)
    again = dispatching.dispatch_order(actor=system, now=now, order_id=order_id)
    assert again is not None
    assert again.assignee_id == person.id
    (held,) = ranking_data.held(person.id, now.date())
    assert planner.post(f"{page}/{held.id}/end").status_code == 303
    assert ranking_data.held(person.id, now.date()) == []


def test_rule_42_walks_are_kept_both_ways(
    ground: make.Ground, planner: FlaskClient, database: Session, now: datetime
) -> None:
    far = make.place("building", "图书馆", ground.campus)
    address = "/crews/technicians/walks"
    opened = f"{address}?building={ground.building.id}"
    assert press(planner, opened, address, {f"m_{far.id}": "12"}).status_code == 303
    page = planner.get(f"{address}?building={far.id}").get_data(as_text=True)
    assert 'value="12"' in page
    bad = planner.post(address, data={"building": far.id, f"m_{ground.building.id}": "far"})
    assert bad.status_code == 422
    assert "Give minutes from 1 to 600" in bad.get_data(as_text=True)
    strange = planner.post(address, data={"building": far.id, f"m_{ground.campus.id}": "5"})
    assert strange.status_code == 422
    assert "This is no other building of the campus." in strange.text
    assert planner.post(address, data={"building": ground.room.id, f"m_{far.id}": "5"}).status_code == 404
    assert planner.post(address, data={"building": 10**9, f"m_{far.id}": "5"}).status_code == 404
    noted = select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "walk.set")
    for minutes, times in (("12", 1), ("", 2)):  # the same again is no change
        sent = press(planner, f"{address}?building={far.id}", address, {f"m_{ground.building.id}": minutes})
        assert (sent.status_code, database.scalar(noted)) == (303, times)
    (way,) = ranking_data.walks_from(far.id, now.date())
    assert way.minutes is None


def test_two_who_edit_ways_lose_nothing(ground: make.Ground, planner: FlaskClient, database: Session) -> None:
    """Also from the other end: the second is told, keeps what he typed and takes over what he left alone."""
    far, third = make.place("building", "图书馆", ground.campus), make.place("building", "食堂", ground.campus)
    address = "/crews/technicians/walks"
    at = f"{address}?building={ground.building.id}"
    opened = fields_of(planner.get(at).text, address)
    other_end = f"{address}?building={far.id}"
    assert press(planner, other_end, address, {f"m_{ground.building.id}": "7"}).status_code == 303
    late = planner.post(address, data={**opened, f"m_{third.id}": "3"})
    assert late.status_code == 412
    assert "This has changed since you opened it" in late.text
    assert "Changed meanwhile: what stands here now is new." in late.text
    again = fields_of(late.text, address)
    assert (again[f"m_{far.id}"], again[f"m_{third.id}"]) == (["7"], ["3"])
    assert planner.post(address, data=again).status_code == 303
    kept = fields_of(planner.get(at).text, address)
    assert (kept[f"m_{far.id}"], kept[f"m_{third.id}"]) == (["7"], ["3"])
