"""Weeks of repairs, played through the services in the order of time.

Each request is a generator: it does a step and says after how many minutes the next one comes. What would come after
the moment of seeding does not happen any more, so the campus stands in the middle of its day.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Generator, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.accounts import queries as accounts
from app.accounts.models import Person
from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.core.transaction import steps
from app.portal.demo import campus, catalogue, showing
from app.portal.demo.people import Cast
from app.portal.demo.sayings import DECLINES, DONE, HELD, MENDED, PLAIN, QUESTIONS, WAITS, WORDS
from app.tickets import policies
from app.tickets.models import Category, Offer, Ticket, WorkOrder
from app.tickets.rules.offers import Wake
from app.tickets.rules.workflow import OrderAct, TicketAct
from app.tickets.services import acts, dispatching, filing, orders, timers

Life = Generator[float, None, Any]  # yields minutes until its next step

STEPS_PER_COMMIT = 40
DAYS = 45
LOOKED_AT = frozenset({"wall", "road", "other"})
"""What is offered at once like everything else, but a dispatcher looks at it soon: much of it is meant for others."""
WAKES, SLEEPS = 8, 22  # o'clock: before, hardly anybody reports anything; from then on nobody is on shift


class Stage:
    """The clock, the dice and the cast; plays lives until the moment of seeding."""

    def __init__(self, rng: random.Random, cast: Cast, categories: dict[str, Category], moment: datetime) -> None:
        self.rng, self.cast, self.moment = rng, cast, moment
        self.categories = {code: each.id for code, each in categories.items()}
        self.institution_id = cast.logins["admin"].institution_id
        self.system = Actor.system(self.institution_id)
        self.now = moment
        self._queue: list[tuple[datetime, int, Life]] = []
        self._count = 0
        self._actors: dict[int, Actor] = {}

    def actor(self, person: Person | int) -> Actor:
        """The actor of a person (rights do not change during the play)."""
        person_id = person if isinstance(person, int) else person.id
        if person_id not in self._actors:
            found = accounts.actor_of(person_id, self.institution_id, self.moment)
            if found is None:
                raise LookupError(person_id)
            self._actors[person_id] = found
        return self._actors[person_id]

    def enter(self, at: datetime, life: Life) -> None:
        self._count += 1
        heapq.heappush(self._queue, (at, self._count, life))

    def play(self, notify: Callable[[datetime], None]) -> int:
        """Run everything that happens before the moment; returns the number of steps."""
        done = 0
        with steps() as step:
            while self._queue and self._queue[0][0] <= self.moment:
                self.now, _order, life = heapq.heappop(self._queue)
                with clock.frozen(self.now):
                    wait = next(life, None)
                    notify(self.now)
                if wait is not None:
                    self.enter(self.now + timedelta(minutes=wait), life)
                done += 1
                if done % STEPS_PER_COMMIT == 0:
                    step()
        return done


def moments(rng: random.Random, moment: datetime, count: int) -> Iterator[datetime]:
    """When requests are filed: by day and in the evening, some every day, the last within the hour."""
    for index in range(count):
        days = DAYS * (1 - (index + 1) / count) ** 1.15
        at = moment - timedelta(days=days, minutes=rng.uniform(0, 200) if days > 0.2 else rng.uniform(5, 50))
        asleep = at.astimezone(ZoneInfo(campus.ZONE)).hour < WAKES
        yield at + timedelta(hours=WAKES) if asleep and days > 1 else at


def ordinary(stage: Stage, reporter: Person, code: str, place_id: int) -> Life:
    """From filing to the end, as most go."""
    rng = stage.rng
    filed = filing.file_ticket(
        actor=stage.actor(reporter),
        now=stage.now,
        category=stage.categories[code],
        description=rng.choice(WORDS.get(code, PLAIN)),
        answers=catalogue.ANSWERS.get(code),
        place_id=place_id,
        urgency=rng.choices(("normal", "high", "low"), (8, 2, 1))[0],
        may_enter=rng.random() < 0.5,
    )
    if code in LOOKED_AT:
        yield rng.uniform(8, 90)
        if (yield from _triage(stage, filed.id, reporter)):
            return
    yield 0.2
    order_id = newest_order(filed.id)
    if order_id is None or not (yield from _find_holder(stage, order_id)):
        return
    if rng.random() < 0.04:
        yield rng.uniform(3, 12)
        acts.note(
            actor=stage.actor(stage.cast.logins["dispatcher"]),
            now=stage.now,
            ticket_id=filed.id,
            text="已电话联系报修人。",
        )
    yield from work(stage, order_id, code)
    yield from _aftermath(stage, filed.id, reporter, code)


def _triage(stage: Stage, ticket_id: int, reporter: Person) -> Generator[float, None, bool]:
    """A dispatcher looks at what is often meant for others; True where the story ends here."""
    rng = stage.rng
    desk = stage.actor(stage.cast.logins["dispatcher"])
    fate = rng.random()
    if fate < 0.12:
        acts.reject(
            actor=desk,
            now=stage.now,
            ticket_id=ticket_id,
            seen=None,
            reason="not_ours",
            note="该区域由物业公司负责，已转告。",
        )
        return True
    if fate < 0.3:
        acts.ask(actor=desk, now=stage.now, ticket_id=ticket_id, seen=None, note=rng.choice(QUESTIONS))
        yield rng.uniform(60, 900)
        acts.answer(
            actor=stage.actor(reporter),
            now=stage.now,
            ticket_id=ticket_id,
            seen=None,
            note="靠窗的那一个，照片里画了圈。",
        )
        yield rng.uniform(5, 40)
    return False


def newest_order(ticket_id: int) -> int | None:
    """The newest open order of a ticket."""
    return db.session.scalar(
        select(WorkOrder.id).where(WorkOrder.ticket_id == ticket_id).order_by(WorkOrder.id.desc()).limit(1)
    )


def _state(order_id: int) -> tuple[str, int | None]:
    row = db.session.execute(select(WorkOrder.state, WorkOrder.assignee_id).where(WorkOrder.id == order_id)).one()
    return row.state, row.assignee_id


def _find_holder(stage: Stage, order_id: int) -> Generator[float, None, bool]:
    """Offer until somebody takes it."""
    rng = stage.rng
    for turn in range(40):
        state, person_id = _state(order_id)
        if state == "queued":
            wake = Wake.FREED_UP if turn else None  # everybody asked once: a new round
            dispatching.dispatch_order(actor=stage.system, now=stage.now, order_id=order_id, wake=wake)
            state, person_id = _state(order_id)
        if state != "offered" or person_id is None:
            yield _until_somebody_comes(stage)
            continue
        answer = rng.random()
        if answer < 0.86:
            yield rng.uniform(0.5, 7)
            orders.act(actor=stage.actor(person_id), now=stage.now, order_id=order_id, act=OrderAct.ACCEPT, seen=None)
            return True
        if answer < 0.94:
            yield rng.uniform(1, 8)
            orders.act(
                actor=stage.actor(person_id),
                now=stage.now,
                order_id=order_id,
                act=OrderAct.DECLINE,
                seen=None,
                reason=rng.choice(DECLINES),
            )
        else:
            yield 10.2
            offer_id = db.session.scalar(select(Offer.id).where(Offer.order_id == order_id, Offer.outcome.is_(None)))
            if offer_id is not None:
                dispatching.expire_offer(actor=stage.system, now=stage.now, order_id=order_id, offer_id=offer_id)
        yield 0.2
    return False


def _until_somebody_comes(stage: Stage) -> float:
    """Minutes until it is tried again: within the hour by day, at night when the first shift has begun."""
    there = stage.now.astimezone(ZoneInfo(campus.ZONE))
    if WAKES <= there.hour < SLEEPS:
        return stage.rng.uniform(20, 60)
    ahead = timedelta(days=there.hour >= SLEEPS)
    morning = (there + ahead).replace(hour=WAKES, minute=0, second=0, microsecond=0)
    return (morning - there) / timedelta(minutes=1) + stage.rng.uniform(1, 15)


def _hands_free(holder: Actor) -> bool:
    """Nobody is at two orders at once."""
    at_work = select(WorkOrder.id).where(WorkOrder.assignee_id == holder.id, WorkOrder.state == "working").limit(1)
    return db.session.scalar(at_work) is None


def start(stage: Stage, holder: Actor, order_id: int) -> Life:
    """Begin, or go on, as soon as what the holder is at is done."""
    while not _hands_free(holder):
        yield stage.rng.uniform(6, 20)
    orders.act(actor=holder, now=stage.now, order_id=order_id, act=OrderAct.START, seen=None)


def work(stage: Stage, order_id: int, code: str) -> Life:
    """On the way, at work, sometimes on hold, done."""
    rng = stage.rng
    _state_now, person_id = _state(order_id)
    if person_id is None:
        return
    holder = stage.actor(person_id)
    yield rng.uniform(10, 200)
    if rng.random() < 0.7:
        orders.act(actor=holder, now=stage.now, order_id=order_id, act=OrderAct.LEAVE, seen=None)
        yield rng.uniform(4, 18)
    yield from start(stage, holder, order_id)
    yield rng.uniform(6, 50)
    if rng.random() < 0.14:
        orders.act(
            actor=holder,
            now=stage.now,
            order_id=order_id,
            act=OrderAct.HOLD,
            seen=None,
            reason="parts",
            note=HELD.get(code, WAITS),
            until=stage.now + timedelta(hours=26),
        )
        yield rng.uniform(1300, 2600)
        yield from start(stage, holder, order_id)
        yield rng.uniform(15, 50)
    orders.act(
        actor=holder,
        now=stage.now,
        order_id=order_id,
        act=OrderAct.DONE,
        seen=None,
        note=DONE.get(code, MENDED),
        handed=showing.shown(holder, stage.now, order_id, code),
    )


def _aftermath(stage: Stage, ticket_id: int, reporter: Person, code: str) -> Life:
    """Confirmed and rated, not fixed and done again, accepted by the dorm manager, or closed by default."""
    rng = stage.rng
    speaker = stage.actor(reporter)
    fate = rng.random()
    if fate < 0.08:
        yield rng.uniform(100, 2000)
        acts.not_fixed(actor=speaker, now=stage.now, ticket_id=ticket_id, seen=None, note="用了一晚又开始滴了。")
        yield rng.uniform(20, 120)
        order_id = newest_order(ticket_id)
        if order_id is None:
            return
        holder_id = rng.choice(stage.cast.technicians[:2]).id
        dispatching.assign(
            actor=stage.actor(stage.cast.logins["supervisor"]),
            now=stage.now,
            order_id=order_id,
            assignee_id=holder_id,
            seen=None,
            reason="返修，派给熟手。",
        )
        yield 3
        orders.act(actor=stage.actor(holder_id), now=stage.now, order_id=order_id, act=OrderAct.ACCEPT, seen=None)
        yield from work(stage, order_id, code)
        fate = 0.3
    if catalogue.accepted_by_others(code):
        yield rng.uniform(60, 1500)
        if accept(stage, ticket_id):
            return
    elif fate < 0.72:
        yield rng.uniform(30, 3000)
        acts.confirm(actor=speaker, now=stage.now, ticket_id=ticket_id, seen=None)
        if rng.random() < 0.8:
            yield 1
            quality, speed, manner = (rng.choices((5, 4, 3, 2), (60, 28, 9, 3))[0] for _score in range(3))
            acts.rate(actor=speaker, now=stage.now, ticket_id=ticket_id, quality=quality, speed=speed, manner=manner)
        return
    yield 7 * 24 * 60 + 1
    cycle = db.session.scalar(select(Ticket.cycle).where(Ticket.id == ticket_id)) or 1
    timers.close_by_default(actor=stage.system, now=stage.now, ticket_id=ticket_id, cycle=cycle)


def accept(stage: Stage, ticket_id: int) -> bool:
    """The dorm manager has looked at it; False where the house is not one of hers."""
    keeper, place = (
        stage.actor(stage.cast.logins["dormmanager"]),
        db.session.get_one(Ticket, (stage.institution_id, ticket_id)),
    )
    if not policies.in_scope(keeper, policies.ACCEPT_THIRD, place):
        return False
    acts.act(actor=keeper, now=stage.now, ticket_id=ticket_id, act=TicketAct.ACCEPT_THIRD, seen=None)
    return True


def withdrawn(stage: Stage, reporter: Person, code: str, place_id: int) -> Life:
    """Filed by mistake, withdrawn."""
    filed = filing.file_ticket(
        actor=stage.actor(reporter),
        now=stage.now,
        category=stage.categories[code],
        answers=catalogue.ANSWERS.get(code),
        description="",
        place_id=place_id,
    )
    yield stage.rng.uniform(3, 9)
    acts.withdraw(actor=stage.actor(reporter), now=stage.now, ticket_id=filed.id, seen=None, note="自己修好了。")


def fill(stage: Stage, places_by_kind: dict[str, list[int]], count: int) -> None:
    """Put all lives on the stage."""
    rng, cast = stage.rng, stage.cast
    usual = [code for code in stage.categories if code not in ("burst-pipe", "power-danger", "lift")]
    room_codes = [code for code in usual if code not in ("corridor-lamp", "road", "wall")]
    for index, at in enumerate(moments(rng, stage.moment, count)):
        reporter = cast.students[
            index % len(cast.students) if rng.random() < 0.6 else rng.randrange(len(cast.students))
        ]
        code = rng.choice(usual)
        place_id = cast.homes[reporter.id] if code in room_codes else rng.choice(places_by_kind["public"])
        life = (
            withdrawn(stage, reporter, code, place_id)
            if rng.random() < 0.03
            else ordinary(stage, reporter, code, place_id)
        )
        stage.enter(at, life)
