"""What stands on the campus today, one scene for each thing a visitor should find; played as the history is."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.core.db import db
from app.portal.demo import campus, catalogue, showing
from app.portal.demo.history import Life, Stage, accept, newest_order, start, withdrawn, work
from app.portal.demo.sayings import DONE, HELD, MENDED, PLAIN, QUESTIONS, WAITS, WORDS
from app.sites.models import Place
from app.tickets.models import DutyCall, Offer, WorkOrder
from app.tickets.rules import visits as visit_rules
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import (
    acts,
    dispatching,
    duty_calls,
    extensions,
    filing,
    following,
    hands,
    merging,
    orders,
    pool,
)

# what the offices have reported: minutes ago, what, how far it is
AT_THE_OFFICE: dict[str, tuple[float, str, str]] = {
    "registry": (150, "door-hinge", "done"),
    "counsellor": (230, "lamp", "done"),
    "energy": (45, "switch", "accepted"),
    "finance": (1700, "radiator", "on_hold"),
    "leader": (110, "ac-drip", "done"),
}
KEPT = ("TY3", "TY4")  # the houses of the dorm manager somebody plays
FINISHED = ((49.0, "accepted"), (26.0, "waits"), (8.0, "sent back"), (2.5, "waits"))


def fill(stage: Stage, public: list[int]) -> None:
    """Put the scenes on the stage; `public` are places everybody may see."""
    cast, students = stage.cast, stage.cast.students
    me, other = cast.logins["student"], cast.logins["student2"]

    def home(person: Person) -> int:
        return cast.homes[person.id]

    for before, life in (
        (1200, halted(stage, me, "window", home(me), "on_hold")),
        (180, halted(stage, me, "tap-leak", home(me), "done")),
        (50, halted(stage, other, "lamp", home(other), "working")),
        (30, halted(stage, students[5], "lock", home(students[5]), "en_route")),
        (26, halted(stage, students[9], "socket", home(students[9]), "accepted")),
        (300, asked(stage, other, public[0])),
        (120, unlisted(stage, students[7])),
        (40, incident(stage, students[11], students[12:16], public[1])),
        (20, by_appointment(stage, students[17], home(students[17]))),
        (35, pooled(stage, students[19], home(students[19]))),
        (75, helped(stage, students[21], home(students[21]))),
        (400, called(stage, students[23], public[2])),
        (1500, more_time(stage, students[25], home(students[25]))),
        (420, not_held(stage, students[27], home(students[27]))),
        (1000, withdrawn(stage, students[29], "lamp", home(students[29]))),
    ):
        stage.enter(stage.moment - timedelta(minutes=before), life)
    for username, (minutes, code, how_far) in AT_THE_OFFICE.items():
        clerk = cast.logins[username]
        stage.enter(stage.moment - timedelta(minutes=minutes), halted(stage, clerk, code, home(clerk), how_far))
    kept = [each for each in students if cast.homes[each.id] in _rooms_of(*KEPT)]
    for turn, (hours, fate) in enumerate(FINISHED):
        reporter = kept[turn % len(kept)]
        stage.enter(stage.moment - timedelta(hours=hours), finished(stage, reporter, home(reporter), fate))


def _rooms_of(*codes: str) -> set[int]:
    house = aliased(Place)
    rooms = select(Place.id).join(house, house.id == Place.building_id).where(house.code.in_(codes))
    return set(db.session.scalars(rooms))


def finished(stage: Stage, reporter: Person, place_id: int, fate: str) -> Life:
    """Work the dorm manager accepts: it waits for her, is accepted, or sent back."""
    order_id = yield from halted(stage, reporter, "bunk", place_id, "done")
    if order_id is None or fate == "waits":
        return
    yield 90
    ticket_id = _ticket_of(order_id)
    if fate == "accepted":
        accept(stage, ticket_id)
        return
    keeper = stage.actor(stage.cast.logins["dormmanager"])
    acts.not_fixed(actor=keeper, now=stage.now, ticket_id=ticket_id, seen=None, note="现场看过，床架还是晃。")


def more_time(stage: Stage, reporter: Person, place_id: int) -> Life:
    """The holder asks for more time than was promised; the supervisor has not decided yet."""
    order_id = yield from halted(stage, reporter, "door-hinge", place_id, "on_hold")
    if order_id is None:
        return
    yield 30
    holder = db.session.scalars(select(WorkOrder.assignee_id).where(WorkOrder.id == order_id)).one()
    until = (stage.moment + timedelta(days=9)).replace(minute=0, second=0, microsecond=0)
    extensions.ask(
        actor=stage.actor(holder or 0),
        now=stage.now,
        ticket_id=_ticket_of(order_id),
        until=until,
        reason="同款合页厂家断货，下周才能到。",
    )


def not_held(stage: Stage, reporter: Person, place_id: int) -> Life:
    """It did not hold: the supervisor chooses who does it again."""
    order_id = yield from halted(stage, reporter, "drain-blocked", place_id, "done")
    if order_id is None:
        return
    yield 240
    acts.not_fixed(
        actor=stage.actor(reporter), now=stage.now, ticket_id=_ticket_of(order_id), seen=None, note="又堵了，水下不去。"
    )


def _ticket_of(order_id: int) -> int:
    found = db.session.scalars(select(WorkOrder.ticket_id).where(WorkOrder.id == order_id)).one()
    return found or 0


def asked(stage: Stage, reporter: Person, place_id: int) -> Life:
    """A question that still waits for its answer."""
    filed = filing.file_ticket(
        actor=stage.actor(reporter),
        now=stage.now,
        category=stage.categories["wall"],
        answers=catalogue.ANSWERS["wall"],
        description="墙皮掉了一大块。",
        place_id=place_id,
    )
    yield 15
    desk = stage.actor(stage.cast.logins["dispatcher"])
    acts.ask(actor=desk, now=stage.now, ticket_id=filed.id, seen=None, note=QUESTIONS[1])


def unlisted(stage: Stage, reporter: Person) -> Life:
    """A place nobody has entered yet: waits for a person."""
    filing.file_ticket(
        actor=stage.actor(reporter),
        now=stage.now,
        category=stage.categories["road"],
        description="井盖松动，车过的时候响。",
        place_text="体育馆后面的小路",
    )
    yield from ()


def incident(stage: Stage, reporter: Person, others: list[Person], place_id: int) -> Life:
    """One fault many report: the next ones follow it, one is merged by the desk, the desk writes to all."""
    first = filing.file_ticket(
        actor=stage.actor(reporter),
        now=stage.now,
        category=stage.categories["low-pressure"],
        description="整层楼水压都很低，洗漱没水。",
        place_id=place_id,
    )
    for other in others[1:]:
        yield 2
        following.join(actor=stage.actor(other), now=stage.now, ticket_id=first.id)
    yield 3
    again = filing.file_ticket(
        actor=stage.actor(others[0]),
        now=stage.now,
        category=stage.categories["low-pressure"],
        description="水压低，水房也没什么水。",
        place_id=place_id,
    )
    yield 4
    desk = stage.actor(stage.cast.logins["dispatcher"])
    merging.merge(actor=desk, now=stage.now, ticket_id=again.id, into_id=first.id)


def by_appointment(stage: Stage, reporter: Person, place_id: int) -> Life:
    """A visit the reporter asked for tomorrow afternoon: its order waits until then."""
    slot = next(
        (
            each
            for each in visit_rules.slots(stage.now, ZoneInfo(campus.ZONE), visit_rules.Hours())
            if each.start > stage.moment + timedelta(hours=20)
        ),
        None,
    )
    filing.file_ticket(
        actor=stage.actor(reporter),
        now=stage.now,
        category=stage.categories["wardrobe"],
        description="柜门合页松了，下午在宿舍。",
        place_id=place_id,
        visit=slot,
    )
    yield from ()


def halted(
    stage: Stage, reporter: Person, code: str, place_id: int, how_far: str, holder_id: int | None = None
) -> Generator[float, None, int | None]:
    """A request that stands at a given state: taken, on the way, at work, on hold, resolved.

    `holder_id`: who has it; None: one of the two technicians somebody plays. Returns its order.
    """
    filed = filing.file_ticket(
        actor=stage.actor(reporter),
        now=stage.now,
        category=stage.categories[code],
        description=stage.rng.choice(WORDS.get(code, PLAIN)),
        answers=catalogue.ANSWERS.get(code),
        place_id=place_id,
        may_enter=True,
    )
    yield 0.1
    order_id = newest_order(filed.id)
    if order_id is None:
        return None
    holder = stage.actor(holder_id or stage.cast.technicians[stage.rng.randrange(2)].id)
    dispatching.assign(
        actor=stage.actor(stage.cast.logins["dispatcher"]),
        now=stage.now,
        order_id=order_id,
        assignee_id=holder.id or 0,
        seen=None,
        reason="就近派单。",
    )
    yield 1
    orders.act(actor=holder, now=stage.now, order_id=order_id, act=OrderAct.ACCEPT, seen=None)
    if how_far == "accepted":
        return order_id
    yield 4
    orders.act(actor=holder, now=stage.now, order_id=order_id, act=OrderAct.LEAVE, seen=None)
    if how_far == "en_route":
        return order_id
    yield 5
    yield from start(stage, holder, order_id)
    if how_far == "working":
        return order_id
    yield 9
    if how_far == "on_hold":
        orders.act(
            actor=holder,
            now=stage.now,
            order_id=order_id,
            act=OrderAct.HOLD,
            seen=None,
            reason="parts",
            note=HELD.get(code, WAITS),
            until=stage.moment + timedelta(days=1),
        )
        return order_id
    orders.act(
        actor=holder,
        now=stage.now,
        order_id=order_id,
        act=OrderAct.DONE,
        seen=None,
        note=DONE.get(code, MENDED),
        handed=showing.shown(holder, stage.now, order_id, code),
    )
    return order_id


def pooled(stage: Stage, reporter: Person, place_id: int) -> Life:
    """The desk lets the crew take it themselves."""
    filed = filing.file_ticket(
        actor=stage.actor(reporter),
        now=stage.now,
        category=stage.categories["wardrobe"],
        description="抽屉滑轨掉了，不急。",
        answers=catalogue.ANSWERS.get("wardrobe"),
        place_id=place_id,
        urgency="low",
    )
    yield 0.1
    order_id = newest_order(filed.id)
    if order_id is not None:
        pool.put(actor=stage.actor(stage.cast.logins["dispatcher"]), now=stage.now, order_id=order_id, seen=None)


def helped(stage: Stage, reporter: Person, place_id: int) -> Life:
    """Two are at it: the holder asked for a second man, the desk named one."""
    first, second = stage.cast.technicians[:2]
    order_id = yield from halted(stage, reporter, "low-pressure", place_id, "working", first.id)
    if order_id is None:
        return
    yield 2
    hands.ask(actor=stage.actor(first), now=stage.now, order_id=order_id, note="水泵太重，要两个人抬。")
    yield 4
    hands.add(actor=stage.actor(stage.cast.logins["dispatcher"]), now=stage.now, order_id=order_id, person_id=second.id)


def called(stage: Stage, reporter: Person, place_id: int) -> Life:
    """An emergency nobody took in time: the duty lead was called, took it on by name and gave it to somebody."""
    filed = filing.file_ticket(
        actor=stage.actor(reporter),
        now=stage.now,
        category=stage.categories["burst-pipe"],
        description="水管爆了，水已经流到走廊。",
        answers=catalogue.ANSWERS.get("burst-pipe"),
        place_id=place_id,
        urgency="emergency",
    )
    yield 0.2
    order_id = newest_order(filed.id)
    if order_id is None:
        return
    dispatching.dispatch_order(actor=stage.system, now=stage.now, order_id=order_id)
    offer_id = db.session.scalar(select(Offer.id).where(Offer.order_id == order_id, Offer.outcome.is_(None)))
    yield 3.2
    if offer_id is not None:
        dispatching.expire_offer(actor=stage.system, now=stage.now, order_id=order_id, offer_id=offer_id)
    yield 0.1
    dispatching.dispatch_order(actor=stage.system, now=stage.now, order_id=order_id)
    call_id = db.session.scalar(select(DutyCall.id).where(DutyCall.order_id == order_id))
    if call_id is None:
        return
    yield 2
    lead = stage.actor(stage.cast.logins["supervisor"])
    duty_calls.answer(actor=lead, now=stage.now, call_id=call_id)
    yield 1
    offered_to = db.session.scalar(select(WorkOrder.assignee_id).where(WorkOrder.id == order_id))
    holder = next(each for each in stage.cast.technicians if each.id != offered_to)
    dispatching.assign(
        actor=lead, now=stage.now, order_id=order_id, assignee_id=holder.id, seen=None, reason="离得最近，马上去。"
    )
    yield 1
    orders.act(actor=stage.actor(holder), now=stage.now, order_id=order_id, act=OrderAct.ACCEPT, seen=None)
    yield from work(stage, order_id, "burst-pipe")
