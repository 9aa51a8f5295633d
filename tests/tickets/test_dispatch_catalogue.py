"""The catalogue's pages: the tree as reporters see it, trades with their use; closed, never deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.tickets.models import Category, Trade
from tests.counting import counted
from tests.editing import press, save
from tests.factories import accounts
from tests.factories import tickets as make

pytestmark = pytest.mark.usefixtures("frozen")


def text(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def given(ground: make.Ground, **more: Any) -> dict[str, Any]:
    """What the form of a category sends."""
    return {
        "code": "sink",
        "name_zh": "洗手池",
        "name_en": "Sink",
        "trade_id": ground.trade.id,
        "planned_minutes": "45",
        "position": "3",
        "impact": "floor",
        "icon": "tap",
        "auto_dispatch": "1",
        "hints_zh": "先关阀门",
        **more,
    }


def one(database: Session, code: str) -> Category:
    database.expire_all()
    return database.scalars(select(Category).where(Category.code == code)).one()


def test_a_category_is_added_changed_and_closed(
    ground: make.Ground, now: datetime, planner: FlaskClient, database: Session
) -> None:
    assert planner.post("/catalogue/categories/new", data=given(ground)).status_code == 303
    made = one(database, "sink")
    assert (made.name, made.trade_id, made.planned_minutes, made.impact) == (
        {"zh-CN": "洗手池", "en": "Sink"},
        ground.trade.id,
        45,
        "floor",
    )
    assert (made.auto_dispatch, made.emergency, made.hints, made.icon) == (True, False, {"zh-CN": "先关阀门"}, "tap")
    page = text(planner, f"/catalogue/categories/{made.id}")
    assert 'value="洗手池"' in page
    assert 'name="code" value="sink"' in page
    changed = given(ground, parent_id=ground.category.id, emergency="1", emergency_phone="8120 0000", code="other")
    changed.pop("auto_dispatch")
    assert save(planner, f"/catalogue/categories/{made.id}", changed).status_code == 303
    made = one(database, "sink")
    assert (made.parent_id, made.emergency, made.emergency_phone, made.auto_dispatch) == (
        ground.category.id,
        True,
        "8120 0000",
        False,
    )
    for one_of, status in ((ground.category.id, 422), (made.id, 303)):
        where = f"/catalogue/categories/{one_of}"
        assert press(planner, where, f"{where}/close").status_code == status
    assert str(one(database, "sink").valid_to) == "2026-11-18"
    listed = text(planner, "/catalogue")
    assert f"/catalogue/categories/{made.id}" not in listed.split("<main")[1]
    assert f"/catalogue/categories/{made.id}" in text(planner, "/catalogue?closed=1")
    assert planner.post(f"/catalogue/categories/{made.id}/close").status_code == 404
    verbs = list(database.scalars(select(AuditEntry.verb).where(AuditEntry.object_id == made.id)))
    assert verbs == ["category.add", "category.change", "category.close"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("code", "", "Please fill this in."),
        ("code", "Big Letters", "Use small letters"),
        ("code", "tap", "Another category has this code."),
        ("planned_minutes", "0", "Give the planned minutes"),
        ("planned_minutes", "x", "Give a number."),
        ("impact", "world", "Choose one of the offered values."),
        ("parent_id", "999999", "Choose another category to stand below."),
        ("emergency", "1", "Give the number people should call first."),
        ("emergency_phone", "call me", "Use digits"),
    ],
)
def test_what_makes_no_sense_is_said(
    field: str, value: str, said: str, ground: make.Ground, planner: FlaskClient, database: Session
) -> None:
    answer = planner.post("/catalogue/categories/new", data=given(ground, **{field: value}))
    assert said in answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "先关阀门</textarea>" in answer.get_data(as_text=True)
    assert [row.code for row in database.scalars(select(Category))] == ["tap"]


def test_a_name_in_one_language_is_enough(ground: make.Ground, planner: FlaskClient, database: Session) -> None:
    none = planner.post("/catalogue/categories/new", data=given(ground, name_zh="", name_en=" "))
    assert "Give the name in at least one language." in none.get_data(as_text=True)
    assert planner.post("/catalogue/categories/new", data=given(ground, name_en="")).status_code == 303
    assert one(database, "sink").name == {"zh-CN": "洗手池"}


def test_a_category_never_stands_below_itself(ground: make.Ground, planner: FlaskClient, database: Session) -> None:
    planner.post("/catalogue/categories/new", data=given(ground, parent_id=ground.category.id))
    child = one(database, "sink")
    data = given(ground, code="tap", parent_id=child.id)
    assert save(planner, f"/catalogue/categories/{ground.category.id}", data).status_code == 422


def test_a_trade_is_added_renamed_and_closed(ground: make.Ground, planner: FlaskClient, database: Session) -> None:
    sent = {"code": "wood", "name_zh": "木工", "name_en": "Carpentry"}
    assert planner.post("/catalogue/trades/new", data=sent).status_code == 303
    assert planner.post("/catalogue/trades/new", data=sent).status_code == 422
    made = database.scalars(select(Trade).where(Trade.code == "wood")).one()
    assert "Nobody has it" in text(planner, "/catalogue")
    assert save(planner, f"/catalogue/trades/{made.id}", {**sent, "name_en": "Woodwork"}).status_code == 303
    assert 'value="Woodwork"' in text(planner, f"/catalogue/trades/{made.id}")
    assert planner.post(f"/catalogue/trades/{made.id}", data={"code": "wood"}).status_code == 422
    where = f"/catalogue/trades/{ground.trade.id}"
    refused = press(planner, where, f"{where}/close")
    assert refused.status_code == 422
    assert "Give its categories another trade first" in refused.get_data(as_text=True)
    where = f"/catalogue/trades/{made.id}"
    assert press(planner, where, f"{where}/close").status_code == 303
    assert planner.post(f"/catalogue/trades/{made.id}/close").status_code == 404


def test_the_tree_is_few_statements(ground: make.Ground, planner: FlaskClient) -> None:
    text(planner, "/catalogue")
    with counted() as few:
        text(planner, "/catalogue")
    for turn in range(6):
        make.category(f"c{turn}", make.trade(f"t{turn}", "工", "Trade"), "类", "Kind", parent_id=ground.category.id)
    with counted() as many:
        page = text(planner, "/catalogue")
    assert len(many) == len(few) <= 6
    assert page.count('class="d1"') == 6


@pytest.mark.parametrize("given_id", ["0", "x", "9" * 30, "999999"])
def test_an_address_that_means_nothing_is_404(given_id: str, planner: FlaskClient) -> None:
    for path in (f"/catalogue/categories/{given_id}", f"/catalogue/trades/{given_id}"):
        assert planner.get(path).status_code == 404
        assert planner.post(f"{path}/close").status_code == 404


@pytest.mark.parametrize("role", ["student", "technician", "dispatcher", "leader"])
def test_the_catalogue_is_for_those_who_edit_it(
    role: str, login: Callable[..., FlaskClient], database: Session
) -> None:
    client = login(accounts.person(role))
    for path in ("", "/categories/new", "/categories/1", "/trades/new", "/trades/1"):
        assert client.get(f"/catalogue{path}").status_code == 403
    for path in ("/categories/new", "/categories/1", "/categories/1/close", "/trades/new", "/trades/1/close"):
        assert client.post(f"/catalogue{path}").status_code == 403
