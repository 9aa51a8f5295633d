"""Who is refused a page or call is told which right it takes, or that his reaches too short, and who has it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts import refusals
from app.core.i18n import speaking
from app.core.refusals import lacking
from app.tickets import policies
from tests.counting import counted
from tests.factories import accounts, sites


@pytest.fixture(autouse=True)
def roles(database: Session, frozen: datetime) -> None:
    for code in ("student", "dispatcher", "supervisor", "admin"):
        accounts.role(code)


def said(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 403
    return answer.get_data(as_text=True)


def test_the_page_names_the_right_and_the_roles(login: Callable[..., FlaskClient]) -> None:
    page = said(login(accounts.person("student", locale="en")), "/service-levels/new")
    assert "This takes the right “Change the catalogue of repairs”." in page
    assert "Roles that have it: Supervisor, Administrator." in page
    page = said(login(accounts.person("student", locale="zh-CN")), "/service-levels/new")
    assert "需要“修改报修目录”权限" in page
    assert "主管、系统管理员" in page


def test_any_of_several_rights_or_all_of_them(login: Callable[..., FlaskClient]) -> None:
    student = accounts.actor(accounts.person("student"))
    with speaking("en"):
        either = str(refusals.why(student, policies.may_read_policies))
        both = str(refusals.why(student, policies.may_edit_macros))
    assert "“See the catalogue of repairs” or “Change the catalogue of repairs”" in either
    assert "“Assign work orders” and “Keep the macros of the board”" in both
    assert "Dispatcher, Supervisor, Administrator" in either
    assert "Roles that have it: Supervisor, Administrator." in both


def test_a_refusal_is_said_in_the_language_it_is_read_in(login: Callable[..., FlaskClient]) -> None:
    campus = sites.place("campus", None, "东校区")
    student = accounts.actor(accounts.person("student"))
    local = accounts.actor(accounts.person("supervisor", scope_kind="campus", scope_id=campus.id))
    refused = [
        lacking(student, policies.may_read_policies),
        lacking(student, policies.may_edit_macros),
        lacking(local, policies.may_edit_policies),
    ]
    with speaking("en"):
        one, all_of, short = (str(each.message) for each in refused)
    assert one.startswith("This takes the right “See the catalogue of repairs” or “Change the catalogue of repairs”.")
    assert "“Assign work orders” and “Keep the macros of the board”. Roles that have it: Supervisor, Adm" in all_of
    assert short.endswith("given for all of it: Supervisor, Administrator.")
    with speaking("zh-CN"), counted() as sent:
        one, all_of, short = (str(each.message) for each in refused)
    assert "“查看报修目录”或“修改报修目录”" in one
    assert "主管、系统管理员" in all_of
    assert "主管、系统管理员" in short
    assert sent == [], "roles and rights are read when it is refused"


def test_a_right_that_reaches_too_short(login: Callable[..., FlaskClient], client: FlaskClient) -> None:
    campus = sites.place("campus", None, "东校区")
    local = accounts.person("supervisor", scope_kind="campus", scope_id=campus.id, locale="en")
    wanted = "You may do this for a part only, and it concerns the whole institution."
    assert wanted in said(login(local), "/service-levels/new")
    headers = {**accounts.token(local), "If-Match": "*", "Accept-Language": "en"}
    answer: Any = client.put("/api/v1/priority-matrix", json={}, headers=headers)
    assert answer.status_code == 403
    assert answer.json["detail"].startswith(wanted)
    assert answer.json["detail"].endswith("given for all of it: Supervisor, Administrator.")


def test_a_narrow_token_of_somebody_without_the_right(client: FlaskClient) -> None:
    headers = {**accounts.token(accounts.person("student"), scopes=["tickets.file"]), "Accept-Language": "en"}
    answer: Any = client.get("/api/v1/sla-policies", headers=headers)
    assert answer.status_code == 403
    assert "“See the catalogue of repairs”" in answer.json["detail"]


def test_where_no_right_helps_nothing_is_promised() -> None:
    assert refusals.why(accounts.actor(accounts.person("student")), lambda _actor: False) is None
