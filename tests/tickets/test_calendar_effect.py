"""What publishing a calendar would do to open clocks, told before it is done (tickets-rules 19)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from app.core.actor import Actor
from app.core.db import db
from app.sites.calendars import queries as calendars
from app.sites.calendars import services as calendar_services
from app.sites.rules import calendar_data
from app.sites.rules.calendars import ALL_DAY, Calendar, Override, OverrideKind
from app.tickets.models import Clock
from app.tickets.queries.calendar_effect import effect
from app.tickets.services import recalendaring
from tests.factories import accounts
from tests.factories import tickets as make

SYSTEM = Actor.system(1)
pytestmark = pytest.mark.usefixtures("frozen")


def office() -> tuple[int, Calendar]:
    found = next(row for row in calendars.calendars() if row.code == "office")
    return found.id, calendar_data.read(found.content)


def closed(content: Calendar, *days: date) -> Calendar:
    return replace(content, overrides=dict.fromkeys(days, Override(kind=OverrideKind.CLOSED)))


def dues(ticket_id: int) -> dict[int, datetime | None]:
    rows = db.session.query(Clock.id, Clock.due_at, Clock.kind).where(Clock.ticket_id == ticket_id)
    return {row.id: row.due_at for row in rows if row.kind != "promise"}


def test_rule_19_the_preview_says_what_publishing_then_does(ground: make.Ground, now: datetime) -> None:
    filed = ground.file()
    calendar_id, content = office()
    tomorrow = now.date() + timedelta(days=1)
    found = effect(calendar_id, closed(content, tomorrow), now)
    before = dues(filed.id)
    assert (found.tickets, found.looked, found.earlier) == (1, 1, 0)
    assert found.clocks == len(before) + 1  # and the promise
    assert found.later > 0
    assert dues(filed.id) == before  # nothing was written
    made = calendar_services.publish(calendar_id, actor=SYSTEM, now=now, content=closed(content, tomorrow))
    assert recalendaring.rejudge(actor=SYSTEM, now=now, ticket_id=filed.id, version_id=made.id)
    db.session.expire_all()
    after = dues(filed.id)
    assert found.later == sum(1 for key, due in before.items() if due and after[key] and after[key] > due)


def test_rule_19_what_is_late_may_be_on_time_again(ground: make.Ground, now: datetime) -> None:
    ground.file()
    calendar_id, content = office()
    later = now + timedelta(days=6)
    days = [now.date() + timedelta(days=n) for n in range(7)]
    healed = effect(calendar_id, closed(content, *days), later)
    assert healed.healed > 0
    assert healed.late == 0
    soon = now + timedelta(hours=6)
    longer = replace(content, week=(ALL_DAY,) * 7)
    found = effect(calendar_id, longer, soon)
    assert found.earlier > 0
    assert found.healed == 0


def test_nobody_works_by_it(ground: make.Ground, now: datetime) -> None:
    calendar_id, content = office()
    found = effect(calendar_id, content, now)
    assert (found.tickets, found.clocks, found.looked) == (0, 0, 0)


def test_the_panel(ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]) -> None:
    ground.file()
    calendar_id, content = office()
    desk = login(accounts.person("supervisor"))
    desk.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    address = f"/service-levels/calendars/{calendar_id}/effect"
    assert desk.get(address).status_code == 404  # nothing is drafted
    calendar_services.save_draft(
        calendar_id, actor=SYSTEM, now=now, content=closed(content, now.date() + timedelta(days=1)), seen=0
    )
    whole = desk.get(address).get_data(as_text=True)
    part = desk.get(address, headers={"HX-Request": "true", "HX-Request-Type": "partial"}).get_data(as_text=True)
    assert "Due later" in part
    assert "<html" in whole
    assert "<html" not in part
