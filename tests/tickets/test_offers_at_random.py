"""Offers never go to somebody off shift, absent or over his cap, whatever the crew looks like (rule 37)."""

from __future__ import annotations

import random
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.tickets.models import Absence, Offer, Shift, TechnicianProfile
from app.tickets.services import dispatching, orders
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import filed

ZONE = ZoneInfo("Asia/Shanghai")
TEN_MINUTES = timedelta(minutes=10)


def on_shift(shifts: list[Shift], at: datetime) -> bool:
    """Whether some shift holds the instant, told minute by minute from the wall clock, without the product's rules."""
    local = at.astimezone(ZONE)
    for shift in shifts:
        for back in (0, 1):
            day = local.date() - timedelta(days=back)
            if day.weekday() != shift.weekday:
                continue
            begins = datetime.combine(day, shift.starts, ZONE)
            last = day if shift.ends > shift.starts else day + timedelta(days=1)
            if begins <= local < datetime.combine(last, shift.ends, ZONE):
                return True
    return False


@pytest.mark.parametrize("seed", range(3))
def test_whoever_is_offered_an_order_can_take_it(database: Session, frozen: datetime, seed: int) -> None:
    dice = random.Random(seed)
    ground = make.Ground()
    people = [ground.technician(on_shift=False, cap=dice.choice([0, 2, 3])) for _ in range(6)]
    for person in people:
        for _ in range(4 + dice.randrange(10)):
            starts, ends = (time(dice.randrange(24), dice.choice([0, 30])) for _end in range(2))
            database.add(Shift(person_id=person.id, weekday=dice.randrange(7), starts=starts, ends=ends))
        if dice.random() < 0.5:
            begins = frozen + timedelta(hours=dice.randrange(48))
            hours = timedelta(hours=1 + dice.randrange(24))
            database.add(Absence(person_id=person.id, starts_at=begins, ends_at=begins + hours))
    database.flush()
    now, made = frozen, 0
    for _ in range(24):
        now += timedelta(minutes=dice.choice([7, 50, 190]))
        order_id = filed(ground, at=now)
        done = dispatching.dispatch_order(actor=Actor.system(1), now=now, order_id=order_id)
        assert done is not None
        if done.assignee_id is None:
            continue
        made += 1
        shifts = list(database.scalars(select(Shift).where(Shift.person_id == done.assignee_id)))
        assert all(on_shift(shifts, now + timedelta(minutes=at)) for at in range(11)), "on shift to the offer's end"
        for away in database.scalars(select(Absence).where(Absence.person_id == done.assignee_id)):
            assert away.ends_at <= now or away.starts_at >= now + TEN_MINUTES
        cap = database.scalars(
            select(TechnicianProfile.cap).where(TechnicianProfile.person_id == done.assignee_id)
        ).one()
        in_hand = select(Offer.id).where(Offer.person_id == done.assignee_id, Offer.outcome.is_(None))
        assert len(database.scalars(in_hand).all()) <= cap
        if dice.random() < 0.5:
            holder = next(person for person in people if person.id == done.assignee_id)
            orders.transition(
                actor=accounts.actor(holder), now=now, order_id=order_id, to="declined", seen=None, reason="busy"
            )
    assert made
