"""Full hands: whoever of the crew nobody plays has as much to do as he may take, so offers go to who can be played.

Contract: at any hour a request is offered to `technician` or `technician2`. The others have ordinary shifts and limits;
they are simply busy, each with an order that waits for parts, one that he has taken and, in his hours, one he is at.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update

from app.accounts.models import Person
from app.core.db import db
from app.portal.demo import campus, catalogue, history, scenes
from app.sites.models import Place
from app.tickets.models import Category, Shift, TechnicianProfile, TechnicianTrade, TechnicianZone, WorkOrder
from app.tickets.rules import workflow

STANDS = (("on_hold", 27.0), ("accepted", 3.0), ("working", 0.7))  # how far, and how many hours ago it came
OPEN_CAP = 200  # orders
APART = 7  # minutes between one and the next of the crew


def fill(stage: history.Stage, categories: dict[str, Category], people: Sequence[Person]) -> None:
    """Put three orders each, of their trades and zones, on the stage."""
    for place, person in enumerate(people):
        codes, rooms = _codes(categories, person.id), _rooms(person.id)
        for turn, (usual, hours) in enumerate(STANDS):
            reporter = stage.cast.students[(17 * place + 5 * turn) % len(stage.cast.students)]
            at = stage.moment - timedelta(hours=hours, minutes=APART * place)
            how_far = "accepted" if usual == "working" and not _on_shift(person.id, at) else usual
            code, room_id = codes[(place + turn) % len(codes)], rooms[(31 * place + 11 * turn) % len(rooms)]
            stage.enter(at, scenes.halted(stage, reporter, code, room_id, how_far, person.id))


def _on_shift(person_id: int, at: datetime) -> bool:
    """Whether somebody with day shifts is at work; who is not has put his tools away."""
    there = at.astimezone(ZoneInfo(campus.ZONE))
    shift = select(Shift.id).where(
        Shift.person_id == person_id,
        Shift.weekday == there.weekday(),
        Shift.starts <= there.time(),
        Shift.ends > there.time(),
    )
    return db.session.scalar(shift.limit(1)) is not None


def open_up(people: Sequence[int], moment: datetime) -> None:
    """Until today these worked as the others do; from today on, round the clock and hardly limited.

    So whoever plays them is offered something at any hour, and what they did until then is nobody's wonder.
    """
    today = moment.astimezone(ZoneInfo(campus.ZONE)).date()
    db.session.execute(update(Shift).where(Shift.person_id.in_(people)).values(valid_to=today))
    for person_id in people:
        for weekday in range(7):
            db.session.add(Shift(person_id=person_id, weekday=weekday, starts=time(0), ends=time(0), valid_from=today))
    db.session.execute(update(TechnicianProfile).where(TechnicianProfile.person_id.in_(people)).values(cap=OPEN_CAP))


def close(free: Sequence[int]) -> None:
    """Everybody's limit but that of `free` becomes what he holds; a dispatcher may still give more, with a reason."""
    held = (
        select(func.count())
        .where(WorkOrder.assignee_id == TechnicianProfile.person_id, WorkOrder.state.in_(workflow.ORDER_HELD))
        .scalar_subquery()
    )
    db.session.execute(
        update(TechnicianProfile)
        .where(TechnicianProfile.person_id.not_in(free))
        .values(cap=held)
        .execution_options(synchronize_session=False)
    )


def _codes(categories: dict[str, Category], person_id: int) -> list[str]:
    """What one of his trades is called for by itself, without emergencies."""
    trades = set(db.session.scalars(select(TechnicianTrade.trade_id).where(TechnicianTrade.person_id == person_id)))
    urgent = {code for code, *_rest in catalogue.EMERGENCIES}
    usual = {code: each for code, each in categories.items() if code not in urgent | history.LOOKED_AT}
    return [code for code, each in usual.items() if each.trade_id in trades]


def _rooms(person_id: int) -> list[int]:
    """The rooms of the campus he works on."""
    zones = select(TechnicianZone.place_id).where(TechnicianZone.person_id == person_id)
    rooms = select(Place.id).where(Place.kind == "room", Place.campus_id.in_(zones)).order_by(Place.id)
    return list(db.session.scalars(rooms))
