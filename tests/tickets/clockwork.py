"""Random histories of tickets with calendars and policies, and their clocks judged against the oracle."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from app.sites.rules.worktime import Days, Target
from app.tickets.rules import sla_history
from app.tickets.rules.reasons import HoldReason
from app.tickets.rules.sla import Clock, Key, Kind, Line, Phase, Terms
from app.tickets.rules.sla_history import Happened
from app.tickets.rules.workflow import (
    ALL_FEATURES,
    OrderAct,
    OrderState,
    TicketAct,
    Who,
    order_transition,
    ticket_transition,
)
from tests.sites.minutes import random_calendar
from tests.tickets import rules_machine as machine
from tests.tickets.minute_oracle import Said, oracle
from tests.tickets.minute_world import PRIORITIES, World


def random_world(chance: random.Random, first_day: date, days: int) -> World:
    """Two calendars with two versions each (in two zones), two policies."""
    first = _minute(first_day)
    world = World(first, days)
    for calendar in (1, 2):
        zone = chance.choice(("Asia/Shanghai", "Europe/London", "Asia/Shanghai", "Africa/Cairo"))
        while True:
            drawn = random_calendar(chance, first_day, days - 2, zone)
            if _busy(drawn, first_day, days):
                break
        world.calendars[10 * calendar], world.of[10 * calendar] = drawn, calendar
        while True:
            drawn = random_calendar(chance, first_day, days - 2, zone)
            if _busy(drawn, first_day, days):
                break
        world.calendars[10 * calendar + 1], world.of[10 * calendar + 1] = drawn, calendar
    for policy in (1, 2):
        world.policies[policy] = {priority: _random_line(chance) for priority in PRIORITIES}
        world.stops[policy] = {
            reason.value: frozenset(chance.sample([Kind.ARRIVE, Kind.RESTORE], chance.choice((0, 1, 2, 2, 2))))
            for reason in HoldReason
        }
    return world


def _busy(calendar: Any, first_day: date, days: int) -> bool:
    """Enough worked dates in the last days that every target ends where the oracle can see it."""
    if calendar.always:
        return True
    last = [first_day + timedelta(days=n) for n in range(days - 9, days - 1)]
    return sum(bool(calendar.hours(day)) for day in last) >= 4


def _random_line(chance: random.Random) -> Line:
    def target() -> Target:
        return chance.choice((0, 10, 30, 120, 480, Days(0), Days(1), Days(2), chance.randrange(900)))

    kinds = [kind for kind in (Kind.RESPOND, Kind.DISPATCH, Kind.ARRIVE, Kind.RESTORE) if chance.random() < 0.93]
    return Line(
        hours="office",
        targets={kind: target() for kind in kinds},
        floor=chance.choice((0, 30, 120)),
        promise=chance.random() < 0.9,
    )


def _minute(day: date) -> int:
    return (day.toordinal() - date(1970, 1, 1).toordinal()) * 1440


def random_history(chance: random.Random, world: World, *, most: int = 40) -> list[Happened]:
    """A life the transition tables allow, at random minutes, with what else moves clocks strewn in."""
    at = world.first + 1440 + chance.randrange(2 * 1440)
    last = world.first + (world.span - 12) * 1440
    terms = _random_terms(chance, world)
    data: dict[str, Any] = {"terms": terms}
    if chance.random() < 0.2:
        data["window"] = at + chance.randrange(2 * 1440)
    told = [Happened(id=1, at=at, kind="file", human=True, to="submitted", data=data)]
    walk = machine.filed()
    published: set[int] = set()
    for _ in range(chance.randrange(4, most)):
        at += chance.choice((0, 1, 7, 30, 60, 180, chance.randrange(1_400)))
        if at >= last:
            break
        if chance.random() < 0.22:
            remark = _random_remark(chance, world, told, at, published)
            if remark is not None:
                told.append(remark)
            continue
        following = list(machine.steps(walk))
        if not following:
            break
        after = _chosen(chance, following)
        told += _as_told(chance, world, walk, after, told, at)
        walk = after
    return told


def _chosen(chance: random.Random, following: list[Any]) -> Any:
    """Mostly a step that leads on: most lives do not end at once."""
    going_on = [
        world
        for world in following
        if world.story.status not in ("withdrawn", "rejected", "duplicate")
        and "cancelled" not in {order.state for order in world.story.orders.values()}
    ]
    forward = [world for world in going_on if world.used[0][2] in _FORWARD]
    if forward and chance.random() < 0.5:
        return chance.choice(forward)
    return chance.choice(going_on if going_on and chance.random() < 0.9 else following)


_FORWARD = {"accept", "queue", "offer", "grab", "leave", "start", "done", "hold", "not_fixed"}


def _random_terms(chance: random.Random, world: World) -> Terms:
    return Terms(chance.choice(list(world.policies)), chance.choice(PRIORITIES), chance.choice((10, 20)))


def _as_told(
    chance: random.Random, world: World, before: Any, after: Any, told: list[Happened], at: int
) -> Iterator[Happened]:
    """The events of one step of the machine, with what the clocks read besides."""
    new = after.events[len(before.events) :]
    accepted = any(event.kind == "accept" and event.order_id is None for event in new)
    number = told[-1].id
    current = _terms_of(told)
    for n, event in enumerate(new):
        number += 1
        reason = chance.choice(list(HoldReason)).value if event.kind == "hold" else None
        human = n == 0 and _by_person(chance, event)
        data: dict[str, Any] = {}
        if event.kind == "open" and event.order_id > 1 and chance.random() < 0.4:
            data["after"] = event.order_id - 1
        if event.kind == "not_fixed":
            data["terms"] = _random_terms(chance, world)
        if event.kind in ("reconsider", "unmerge") and chance.random() < 0.5:
            data["terms"] = current
        minute = at
        if human and event.order_id is not None and chance.random() < 0.1:
            minute = max(
                at - chance.randrange(60), max((one.at for one in told if one.order_id == event.order_id), default=at)
            )
        yield Happened(
            id=number,
            at=minute,
            kind=event.kind,
            human=human and not (accepted and event.kind == "open"),
            order_id=event.order_id,
            to=event.to_state,
            reason=reason,
            data=data,
        )


def _by_person(chance: random.Random, event: Any) -> bool:
    if event.order_id is None:
        who = ticket_transition(event.from_state, TicketAct(event.kind), ALL_FEATURES).who
    else:
        who = order_transition(
            None if event.from_state is None else OrderState(event.from_state),
            OrderAct(event.kind),
            ALL_FEATURES,
            ticket=None,
        ).who
    people = who - {Who.SYSTEM}
    return bool(people) and (Who.SYSTEM not in who or chance.random() < 0.5)


def _terms_of(told: list[Happened]) -> Terms:
    found: Terms = next(event.data["terms"] for event in reversed(told) if "terms" in event.data)
    return found


def _random_remark(
    chance: random.Random, world: World, told: list[Happened], at: int, published: set[int]
) -> Happened | None:
    kind = chance.choice(("reclassify", "calendar", "message", "promise", "promise", "extension", "window"))
    data: dict[str, Any] = {}
    if kind == "reclassify":
        data["terms"] = _random_terms(chance, world)
    elif kind == "calendar":
        version = chance.choice((11, 21))
        if version in published:
            return None
        published.add(version)
        data["version"] = version
    elif kind == "message":
        data["staff"] = chance.random() < 0.7
    else:
        data["until"] = at + chance.randrange(3 * 1440)
    return Happened(id=told[-1].id + 1, at=at, kind=kind, human=kind != "calendar", data=data)


def random_case(seed: int, *, days: int = 24) -> tuple[World, list[Happened]]:
    """Calendars, policies and a history."""
    chance = random.Random(seed)
    first = chance.choice((date(2026, 3, 14), date(2026, 10, 10), date(2026, 9, 18), date(2026, 4, 12)))
    world = random_world(chance, first, days)
    return world, random_history(chance, world)


def disagreements(seed: int) -> list[tuple[Key, Said | None, Clock | None]]:
    """The clocks of a random case on which oracle and implementation do not agree."""
    world, events = random_case(seed)
    expected = oracle(events, world)
    found = sla_history.story(events, world).clocks()
    end = max(event.at for event in events)
    pairs = [(key, expected.get(key), found.get(key)) for key in expected.keys() | found.keys()]
    return [(key, said, clock) for key, said, clock in pairs if not agree(said, clock, end)]


def agree(said: Said | None, clock: Clock | None, end: int) -> bool:
    """Whether they say the same of a clock whose history ends at a minute."""
    if said is None or clock is None:
        return said is None and clock is None
    same = (said.phase, said.started, said.stopped) == (clock.phase.value, clock.started, clock.stopped)
    if clock.phase is Phase.RUNNING:
        late = said.kept is False or (said.due is not None and said.due < end)
        same = same and late == clock.late(end)
    else:
        same = same and said.kept == clock.kept and (said.used < 0 or said.used == clock.used)
    return same and (not said.known or said.due == clock.due)
