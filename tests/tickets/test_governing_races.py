"""Two who govern the clocks at the same instant: one wins, the other is told, nothing is lost or doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.actor import Actor
from app.core.database_errors import constraint_violation
from app.core.db import db
from app.core.errors import Rejected, Stale
from app.core.settings import SettingValue
from app.sites.calendars import queries as calendars
from app.sites.calendars import services as calendar_services
from app.sites.calendars.models import CalendarDraft
from app.sites.rules.calendars import Calendar
from app.tickets.queries import sla_policies as queries
from app.tickets.rules.priority import MATRIX
from app.tickets.rules.sla import Kind
from app.tickets.rules.sla_policy import DEFAULT
from app.tickets.services import catalogue, clocks, priority_matrix, technicians
from app.tickets.services import sla_policies as services
from tests.factories import tickets
from tests.sites.minutes import OFFICE_WEEK
from tests.tickets.test_services_races import together, work

SYSTEM = Actor.system(1)
pytestmark = pytest.mark.race


def one_wins(app: Flask, act: Callable[[int], Any]) -> None:
    """Whoever comes second hears that somebody else was first."""

    def attempt(number: int) -> Any:
        try:
            return act(number)
        except IntegrityError as error:  # as the edge does it
            raise constraint_violation(error) from error

    results = together(app, lambda: attempt(1), lambda: attempt(2))
    assert [isinstance(each, Stale) for each in results].count(True) == 1, results


def test_two_publish_a_policy_or_a_calendar(committed: Flask) -> None:
    """The second policy version, the first draft, the second calendar version, the matrix."""
    work(committed, lambda: clocks.ensure(clock.now()))
    policy = work(committed, lambda: next(row.id for row in queries.policies()))
    calendar = work(committed, lambda: next(row.id for row in calendars.calendars() if row.code == "office"))
    given: Any = {"actor": SYSTEM, "now": clock.now()}
    content = Calendar(zone="Asia/Shanghai", week=OFFICE_WEEK)

    def publish_policy(number: int) -> int:
        line = DEFAULT.lines["high"]
        lines = {**DEFAULT.lines, "high": replace(line, targets={**line.targets, Kind.RESPOND: number})}
        changed = replace(DEFAULT, lines=MappingProxyType(lines))
        return services.publish(policy, content=changed, seen=1, **given).number

    def set_matrix(_number: int) -> int:
        rows = {**MATRIX, "campus": ("emergency",) * 4}
        return priority_matrix.set_matrix(given=rows, reason="x", seen=0, **given)

    def save_draft(_number: int) -> int:
        return calendar_services.save_draft(calendar, content=content, seen=0, **given).version

    def publish_calendar(_number: int) -> int:
        return calendar_services.publish(calendar, content=content, seen=1, **given).number

    for act in (publish_policy, save_draft, publish_calendar, set_matrix):
        one_wins(committed, act)
    assert work(committed, lambda: queries.in_force(policy).number) == 2
    assert work(committed, lambda: calendars.in_force(calendar).number) == 2
    drafts = select(func.count()).select_from(CalendarDraft)
    assert work(committed, lambda: db.session.scalar(drafts)) == 1
    cells = select(SettingValue.name, func.count()).group_by(SettingValue.name)
    assert all(count == 1 for _name, count in work(committed, lambda: db.session.execute(cells).all()))


@pytest.mark.parametrize("by", ["change_category", "add_category", "set_trade", "set_duty_lead"])
def test_a_trade_is_not_closed_while_it_is_given(committed: Flask, by: str) -> None:
    """Whoever closes it waits until it is given, and then hears that a category has it."""

    def ground() -> dict[str, Any]:
        made, extra = tickets.Ground(), tickets.trade("paint", "油漆", "Paint")
        person = made.technician()
        return {"trade": extra.id, "category": made.category.id, "person": person.id}

    ids = work(committed, ground)
    given: Any = {"actor": SYSTEM, "now": clock.now()}
    acts: dict[str, Callable[[], Any]] = {
        "change_category": lambda: catalogue.change_category(
            **given, category_id=ids["category"], trade_id=ids["trade"]
        ),
        "add_category": lambda: catalogue.add_category(**given, code="x", name={"en": "X"}, trade_id=ids["trade"]),
        "set_trade": lambda: technicians.set_trade(**given, person_id=ids["person"], trade_id=ids["trade"], level=1),
        "set_duty_lead": lambda: technicians.set_duty_lead(
            **given,
            person_id=ids["person"],
            starts_at=clock.now(),
            ends_at=None,
            campus_id=None,
            trade_id=ids["trade"],
        ),
    }
    is_given, closed = threading.Event(), threading.Event()

    def give() -> bool:
        acts[by]()
        is_given.set()
        return closed.wait(0.4)  # the trade is closed before this is committed

    def close() -> None:
        assert is_given.wait(5)
        catalogue.close_trade(**given, trade_id=ids["trade"])
        closed.set()

    overtaken, refused = together(committed, give, close)
    assert overtaken is False
    assert isinstance(refused, Rejected) is by.endswith("category")
    again = work(committed, lambda: catalogue.usable_trade("paint", clock.now()).id)
    assert isinstance(again, Rejected) is not by.endswith("category"), "what is closed is given to nobody"
