"""Kept rows of figures: whatever happens, a report read from them is the report read from the history."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from app.accounts.models import CrewMember, Person
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import DomainError
from app.sites.models import Place
from app.tickets.models import Category, FigureMark, FigureRow
from app.tickets.queries import figure_check, figure_list, figure_rows, figure_settled, figures
from app.tickets.queries.figure_rows import Asked, Wanted
from app.tickets.rules.figures import By, Figure
from app.tickets.services import acts, settling
from tests.factories import accounts, tickets
from tests.tickets.test_services_walks import Walk

ZONE = ZoneInfo("Asia/Shanghai")
YEAR = timedelta(days=365)


def asked(now: datetime, **more: Any) -> Asked:
    wanted = Wanted(first=(now - YEAR).date(), last=(now + timedelta(days=2)).date(), **more)
    return figure_rows.ask(Actor.system(1), wanted, now, ZONE)


def settle(now: datetime) -> int:
    """Settle up to a moment; in how many steps."""
    return len(list(settling.settle(now)))


def everything(narrowed: Asked) -> list[Any]:
    """Every figure by every breakdown, and the rows behind each."""
    found: list[Any] = [figures.report(narrowed, by) for by in (None, *By)]
    return found + [
        [tuple(row) for row in figure_list.page(figure, narrowed, None, None, 100).items] for figure in Figure
    ]


def compare(now: datetime, **more: Any) -> list[Any]:
    """What a report says of kept rows is what it says of the history alone."""
    kept = asked(now, **more)
    assert kept.settled
    history = asked(now, **more)
    history.settled = False
    assert figure_check.differing(kept) == dict.fromkeys(
        ("responses", "clocks", "cycles", "done", "closings", "filings"), 0
    )
    found = everything(kept)
    assert found == everything(history)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_kept_rows_say_what_the_history_says_on_every_walk(database: Session, frozen: datetime, seed: int) -> None:
    """Settled at any time, and any time after: reopened, rated, merged, given back – nothing is counted as it was."""
    walk = Walk(seed)
    dice = random.Random(seed)
    settle(walk.now)
    for _ in range(40):
        walk.step()
        if dice.random() < 0.2:
            walk.filed = walk.ground.file(at=walk.now)
        if dice.random() < 0.2:
            try:
                with db.session.begin_nested():
                    acts.rate(actor=walk.student, now=walk.now, ticket_id=walk.filed.id, quality=4, speed=2, manner=5)
            except DomainError:
                pass
        if dice.random() < 0.3:
            settle(walk.now)
        if dice.random() < 0.2:
            compare(walk.now)
    settle(walk.now + timedelta(hours=1))
    compare(walk.now + timedelta(hours=1))
    assert db.session.scalar(select(func.count()).select_from(FigureRow)), "else nothing was proven"


@pytest.fixture
def walked(database: Session, frozen: datetime) -> Walk:
    """A history with something of everything, settled."""
    walk = Walk(7)
    for _ in range(60):
        walk.step()
    settle(walk.now + timedelta(hours=1))
    walk.now += timedelta(hours=2)
    return walk


def test_a_request_with_news_is_read_from_the_history_until_it_is_settled(walked: Walk) -> None:
    assert asked(walked.now).values["unsettled"] == []
    made = walked.ground.file(at=walked.now)
    assert asked(walked.now).values["unsettled"] == [made.id]
    before = figures.report(asked(walked.now), None).total[Figure.FILED].rows
    assert settle(walked.now + settling.LATEST + timedelta(minutes=1)) == 2, "its rows, then the mark"
    assert asked(walked.now).values["unsettled"] == []
    assert figures.report(asked(walked.now), None).total[Figure.FILED].rows == before
    assert settle(walked.now) == 0, "the mark does not go back"


def test_what_is_no_event_is_looked_up_when_it_is_read(walked: Walk) -> None:
    """A category that goes to another trade, a crew that turns out to have been another's: old rows follow."""
    before = compare(walked.now)
    category = db.session.get_one(Category, (1, walked.ground.category.id))
    category.trade_id = tickets.trade("paint", "油漆", "Painting").id
    db.session.execute(delete(CrewMember))
    db.session.flush()
    crew = accounts.crew(*(db.session.get_one(Person, (1, each.id)) for each in walked.technicians))
    db.session.flush()
    after = compare(walked.now)
    assert after != before
    compare(walked.now, crew=crew.id)
    compare(walked.now, trade=category.trade_id)


def test_days_are_worked_out_anew_where_a_campus_changes_its_clocks(walked: Walk) -> None:
    campus = db.session.get_one(Place, (1, walked.ground.campus.id))
    campus.zone_name = "America/Los_Angeles"
    db.session.flush()
    assert not asked(walked.now).settled, "days of another zone are not used"
    settle(walked.now)
    compare(walked.now)
    tickets.place("campus", "东校区").zone_name = "Europe/London"
    db.session.flush()
    assert asked(walked.now).settled, "one campus more changes no day"


def test_where_much_is_unsettled_the_history_is_read(walked: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    walked.ground.file(at=walked.now)
    monkeypatch.setattr(figure_settled, "MOST_UNSETTLED", 0)
    assert not asked(walked.now).settled


def test_a_broken_off_step_is_done_again(walked: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """All anew, in steps of one request, broken off after some of them."""
    rows = db.session.scalar(select(func.count()).select_from(FigureRow))
    settling.forget()
    assert not asked(walked.now).settled
    monkeypatch.setattr(settling, "AT_ONCE", 1)
    monkeypatch.setattr(settling, "STRIDE", timedelta(days=1))
    steps = settling.settle(walked.now)
    for _ in range(3):
        next(steps)
    assert db.session.scalar(select(FigureMark.until)) is None or asked(walked.now).values["unsettled"] != []
    settle(walked.now)
    compare(walked.now)
    assert db.session.scalar(select(func.count()).select_from(FigureRow)) == rows


def test_what_is_forgotten_meanwhile_is_not_taken_for_settled(walked: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator has all made anew while the job is at it: the job's mark would keep the wrong row for good."""
    made, _other = walked.ground.file(at=walked.now), walked.ground.file(at=walked.now)
    monkeypatch.setattr(settling, "AT_ONCE", 1)
    later = walked.now + settling.LATEST + timedelta(minutes=1)
    steps = settling.settle(later)
    next(steps)
    spoilt = "UPDATE figure_row SET day = day + 1 WHERE id = (SELECT min(id) FROM figure_row WHERE ticket_id <> :made)"
    db.session.execute(text(spoilt), {"made": made.id})
    settling.forget()
    list(steps)
    compare(later)


def test_a_wrong_row_is_found(walked: Walk) -> None:
    db.session.execute(text("UPDATE figure_row SET day = day + 1 WHERE id = (SELECT max(id) FROM figure_row)"))
    assert sum(figure_check.differing(asked(walked.now)).values()) == 2, "one too many, one missing"
