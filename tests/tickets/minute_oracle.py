"""The oracle of the clocks: walks the minutes of a ticket's life one by one (tickets-rules 1 to 19, 21 to 25).

For each event it works out anew, from the events so far, what every clock should be doing; then it counts working
minutes as `tests.sites.minutes` sees them. It shares no code with `app.tickets.rules.sla*` but the shape of events,
policies and keys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.sites.rules.worktime import Days, WorkTime
from app.tickets.rules.sla import Key, Kind, Line, Terms
from app.tickets.rules.sla_history import Happened
from tests.sites.minutes import Minutes

PRIORITIES = ("low", "normal", "high", "emergency")
OPEN_STATES = {"planned", "queued", "offered", "accepted", "en_route", "working", "on_hold"}


@dataclass
class World:
    """Calendars and policies somebody may look up: the book of the implementation and of the oracle."""

    first: int  # minute at which the oracle's tables begin
    span: int
    calendars: dict[int, Any] = field(default_factory=dict)  # version → Calendar
    of: dict[int, int] = field(default_factory=dict)  # version → calendar
    policies: dict[int, dict[str, Line]] = field(default_factory=dict)
    stops: dict[int, dict[str, frozenset[Kind]]] = field(default_factory=dict)
    _work: dict[int, WorkTime] = field(default_factory=dict)
    _minutes: dict[int, Minutes] = field(default_factory=dict)

    def line(self, policy: int, priority: str) -> Line:
        return self.policies[policy][priority]

    def work(self, version: int) -> WorkTime:
        if version not in self._work:
            self._work[version] = WorkTime(self.calendars[version])
        return self._work[version]

    def calendar(self, version: int) -> int:
        return self.of[version]

    def stopped_by(self, policy: int, reason: str) -> frozenset[Kind]:
        return self.stops[policy].get(reason, frozenset())

    def minutes(self, version: int) -> Minutes:
        if version not in self._minutes:
            self._minutes[version] = Minutes(self.calendars[version], self.first, self.span * 1440)
        return self._minutes[version]


@dataclass
class Said:
    """What the oracle says of a clock; due None with `known` False: further off than it looks."""

    phase: str
    started: int
    used: int
    due: int | None
    known: bool
    stopped: int | None
    kept: bool | None


def oracle(events: list[Happened], world: World) -> dict[Key, Said]:
    """Every clock of a history."""
    keys = {Key(kind=kind, cycle=cycle) for cycle, _e in _cycles(events) for kind in (Kind.RESPOND, Kind.RESTORE)}
    for event in events:
        if event.order_id is not None and event.to == "queued":
            cycle = _cycle_of_order(events, event.order_id)
            keys |= {Key(kind=kind, order_id=event.order_id, cycle=cycle) for kind in (Kind.DISPATCH, Kind.ARRIVE)}
    lines = {key: _Timeline(key, events, world).drawn() for key in keys}
    found = {key: _Walk(key, drawn, world).said() for key, drawn in lines.items() if drawn}
    promises = _promises(events)
    return {key: said for key, said in (*found.items(), *promises.items()) if said is not None}


def _cycles(events: list[Happened]) -> list[tuple[int, Happened]]:
    begins = [event for event in events if event.kind in ("file", "not_fixed")]
    return list(enumerate(begins, start=1))


def _cycle_of_order(events: list[Happened], order_id: int) -> int:
    opened = next(event for event in events if event.order_id == order_id)
    return sum(event.kind in ("file", "not_fixed") for event in events if event.id <= opened.id)


def _states(events: list[Happened]) -> tuple[str, dict[int, dict[str, Any]]]:
    """Status and orders after some events, read off them naively."""
    status = ""
    orders: dict[int, dict[str, Any]] = {}
    for event in events:
        if event.order_id is None:
            status = event.to or status
            continue
        before = orders.get(event.order_id, {"state": None, "after": event.data.get("after"), "worked": False})
        has = event.to in ("accepted", "en_route", "working") or (event.to == "on_hold" and before["state"] != "queued")
        door = before["state"] == "en_route" and event.to == "on_hold" and event.reason in ("access", "reporter_absent")
        orders[event.order_id] = {
            "state": event.to,
            "after": before["after"],
            "worked": before["worked"] or event.to == "working",
            "door": before.get("door", False) or door,
            "reason": event.reason if event.to == "on_hold" else None,
            "held": has,
        }
    return status, orders


class _Timeline:
    """(minute, what, value) of one clock: phases as they change, terms, instants, publications; in order of events."""

    def __init__(self, key: Key, events: list[Happened], world: World) -> None:
        self.key = key
        self.events = events
        self.world = world
        self.lines: list[tuple[int, str, Any]] = []
        self.phase: str | None = None
        self.terms: Terms | None = None
        cycles = dict(_cycles(events))
        self.begun = cycles[key.cycle]
        self.ended = cycles[key.cycle + 1].id if key.cycle + 1 in cycles else events[-1].id + 1
        self.direct = key.order_id is not None and _direct(events, key.order_id)

    def drawn(self) -> list[tuple[int, str, Any]]:
        for n, event in enumerate(self.events):
            if event.id >= self.ended:
                break
            self._terms(event)
            if event.id >= self.begun.id:
                self._turn(n, event)
        return self.lines

    def _add(self, event: Happened, what: str, value: Any) -> None:
        if self.lines and self.phase != "stopped":
            self.lines.append((max(event.at, self.lines[-1][0]), what, value))

    def _terms(self, event: Happened) -> None:
        if "terms" in event.data:
            new = event.data["terms"]
            if event.id > self.begun.id and new != self.terms:
                self._add(event, "terms", (new, _higher(self.terms, new)))
            self.terms = new
        if event.kind == "calendar":
            version = event.data["version"]
            if self.terms is not None and self.world.of[self.terms.calendar] == self.world.of[version]:
                self.terms = Terms(self.terms.policy, self.terms.priority, version)
            if self.phase != "void":
                self._add(event, "calendar", version)

    def _turn(self, n: int, event: Happened) -> None:
        wanted = _WANTED[self.key.kind](self, self.events[: n + 1])
        if wanted is not None and not self.lines:
            self.lines.append((event.at, "start", self.terms))
            self.phase = "running"
            if event.id > self.begun.id and self.key.kind is Kind.ARRIVE:
                self._window_before(n, event)
        until = _instant(self.key.kind, event)
        if until is not None:
            self._add(event, "not_before", until)
        if wanted is not None and wanted != self.phase and self.lines:
            self._add(event, "phase", wanted)
            self.phase = self.phase if self.phase == "stopped" else wanted

    def _window_before(self, n: int, event: Happened) -> None:
        """The window in force when an order is queued that did not begin with the ticket."""
        cycle = [one for one in self.events[:n] if one.id >= self.begun.id]
        windows = [one for one in (_instant(Kind.ARRIVE, each) for each in cycle) if one is not None]
        if windows:
            self._add(event, "not_before", windows[-1])


def _instant(kind: Kind, event: Happened) -> int | None:
    """The instant before which an event says a clock is not due."""
    found: int | None = None
    if kind in (Kind.ARRIVE, Kind.RESTORE):
        found = event.data.get("until") if event.kind == "window" else event.data.get("window")
    if kind is Kind.RESTORE and event.kind == "extension":
        found = event.data.get("until")
    return found


def _higher(before: Terms | None, after: Terms) -> bool:
    return before is not None and PRIORITIES.index(after.priority) > PRIORITIES.index(before.priority)


def _direct(events: list[Happened], order_id: int) -> bool:
    """4: opened by accepting the ticket, waiting for nothing."""
    opened = next(event for event in events if event.order_id == order_id)
    acts = [event for event in events if event.order_id is None and event.to and event.id < opened.id]
    return (
        acts[-1].kind == "accept" and not opened.human and opened.at == acts[-1].at and opened.data.get("after") is None
    )


def _respond_wanted(line: _Timeline, so_far: list[Happened]) -> str:
    status, _orders = _states(so_far)
    if any(_human_act(event) for event in so_far if event.id >= line.begun.id) or status in ("resolved", "closed"):
        return "stopped"
    return "void" if status in ("rejected", "withdrawn") else "running"


def _restore_wanted(line: _Timeline, so_far: list[Happened]) -> str:
    status, orders = _states(so_far)
    if status in ("resolved", "closed"):
        return "stopped"
    if status in ("rejected", "withdrawn"):
        return "void"
    counted = [order for order in orders.values() if order["state"] in OPEN_STATES and not _behind(order, orders)]
    held = [order for order in counted if _stops(line, order, Kind.RESTORE)]
    waits = status in ("needs_info", "duplicate") or (counted and len(held) == len(counted))
    return "paused" if waits else "running"


def _behind(order: dict[str, Any], orders: dict[int, dict[str, Any]]) -> bool:
    first = orders.get(order["after"])
    return order["state"] == "planned" and first is not None and first["state"] in OPEN_STATES


def _stops(line: _Timeline, order: dict[str, Any], kind: Kind) -> bool:
    if line.terms is None or order["reason"] is None:
        return False
    return kind in line.world.stops[line.terms.policy].get(order["reason"], ())


def _before_queued(line: _Timeline, so_far: list[Happened]) -> str | None:
    """4: what accepting opens has run since filing, as long as the request waited to be accepted."""
    if not line.direct:
        return None
    return "running" if _states(so_far)[0] == "submitted" else "paused"


def _queued(line: _Timeline, so_far: list[Happened]) -> bool:
    return any(event.order_id == line.key.order_id and event.to == "queued" for event in so_far)


def _dispatch_wanted(line: _Timeline, so_far: list[Happened]) -> str | None:
    if not _queued(line, so_far):
        return _before_queued(line, so_far)
    order = _states(so_far)[1][line.key.order_id or 0]
    if order["worked"]:
        return "stopped"
    states = {"cancelled": "void", "queued": "running", "offered": "running"}
    found: str = states.get(order["state"], "standing" if order["held"] else "paused")
    return found


def _arrive_wanted(line: _Timeline, so_far: list[Happened]) -> str | None:
    if not _queued(line, so_far):
        return _before_queued(line, so_far)
    order = _states(so_far)[1][line.key.order_id or 0]
    if order["worked"] or order["door"]:
        return "stopped"
    if order["state"] == "cancelled":
        return "void"
    return "paused" if order["state"] == "planned" or _stops(line, order, Kind.ARRIVE) else "running"


_WANTED: dict[Kind, Callable[[_Timeline, list[Happened]], str | None]] = {
    Kind.RESPOND: _respond_wanted,
    Kind.RESTORE: _restore_wanted,
    Kind.DISPATCH: _dispatch_wanted,
    Kind.ARRIVE: _arrive_wanted,
}


def _human_act(event: Happened) -> bool:
    if event.kind == "message":
        return bool(event.data.get("staff"))
    if not event.human:
        return False
    if event.order_id is None:
        return event.kind in ("accept", "ask", "reject", "merge")
    return event.kind in ("offer", "reassign", "accept", "grab")


class _Walk:
    """Minute by minute through the timeline of one clock."""

    def __init__(self, key: Key, lines: list[tuple[int, str, Any]], world: World) -> None:
        self.key = key
        self.world = world
        self.lines = _rejudged(lines, world)
        self.at = self.start = self.since = self.lines[0][0]
        self.terms: Terms = self.lines[0][2]
        self.phase = "running"
        self.used = 0
        self.target = self._target()
        self.exhausted = self.start if self.target == 0 else None
        self.not_before = 0
        self.passed: int | None = None
        self.stopped: int | None = None
        self.kept: bool | None = None
        self.due_then: int | None = None
        self.too_far = False  # the due time lay beyond what the oracle sees

    def said(self) -> Said | None:
        waiting = self.lines[1:]
        while waiting:
            while waiting and waiting[0][0] == self.at:
                _minute, what, value = waiting.pop(0)
                getattr(self, f"{what}_")(value)
            if waiting:
                self._pass()
        if self.target is None and self.passed is None:
            return None
        due, known = self._due_at_last()
        kept = False if self.passed is not None else self.kept
        return Said(self.phase, self.start, self.used, due, known, self.stopped, kept)

    def _pass(self) -> None:
        """The minute itself."""
        table = self.world.minutes(self.terms.calendar)
        if self.phase == "running" and table.works[self.at - table.first]:
            self.used += 1
            if self.used == self.target and self.exhausted is None:
                self.exhausted = self.at + 1
        self.at += 1

    def _due(self) -> int | None:
        return None if self.exhausted is None else max(self.exhausted, self.not_before)

    def _over(self) -> int | None:
        """18: the due time that has passed."""
        due = self._due()
        ends = self.since if self.phase == "standing" else self.at
        return due if due is not None and due < ends else None

    def phase_(self, value: str) -> None:
        if value in ("standing", "stopped") and self.phase == "running":
            self.due_then = self._later()
            self.too_far = self.due_then is None and self.target is not None and self.passed is None
        if value == "running":
            self.due_then, self.too_far = None, False
        if value == "stopped":
            self.stopped = self.since if self.phase == "standing" else self.at
            due = self._due()
            if self.target is not None or self.passed is not None:
                self.kept = self.passed is None and (due is None or self.stopped <= due)
        self.since = self.at if self.stopped is None else self.stopped
        self.phase = value

    def terms_(self, value: tuple[Terms, bool]) -> None:
        over = self._over()
        left_before = None if self.target is None else max(0, self.target - self.used)
        self.terms, raised = value
        if self.passed is None and over is not None:
            self.passed = over
        if self.passed is not None:
            return
        self.target, self.exhausted = self._target(), None
        if self.target is None:
            return
        left = max(self.target - self.used, self.world.line(self.terms.policy, self.terms.priority).floor)
        if raised and left_before is not None:
            left = min(left, left_before)
        self.target = self.used + left
        self.exhausted = self.at if left == 0 else None

    def not_before_(self, value: int) -> None:
        if self.passed is None and self._over() is None:
            self.not_before = max(self.not_before, value)

    def _later(self) -> int | None:
        """When the target would be used up, counting on."""
        if self.target is None or self.passed is not None:
            return None
        exhausted = self.exhausted
        if exhausted is None:
            exhausted = self.world.minutes(self.terms.calendar).due(self.at, self.target - self.used)
        return None if exhausted is None else max(exhausted, self.not_before)

    def _due_at_last(self) -> tuple[int | None, bool]:
        """The due time, and whether the oracle looks far enough to know it."""
        if self.passed is not None:
            return self.passed, True
        if self.exhausted is not None:
            return self._due(), True
        if self.phase == "running":
            due = self._later()
            return due, due is not None
        if self.phase in ("standing", "stopped"):
            return self.due_then, not self.too_far
        return None, True

    def _target(self) -> int | None:
        """12: turned at the start into working minutes."""
        target = self.world.line(self.terms.policy, self.terms.priority).targets.get(self.key.kind)
        if not isinstance(target, Days):
            return target
        table = self.world.minutes(self.terms.calendar)
        close = table.close_of_day(self.start, target.count)
        assert close is not None, "the oracle does not look far enough"
        return table.between(self.start, close)


def _rejudged(lines: list[tuple[int, str, Any]], world: World) -> list[tuple[int, str, Any]]:
    """19: under the last version published while it was open, from its start."""
    found: list[tuple[int, str, Any]] = []
    for minute, what, value in lines:
        if what != "calendar":
            found.append((minute, what, value))
            continue
        for n, (when, kind, had) in enumerate(found):
            if kind == "start" and world.of[had.calendar] == world.of[value]:
                found[n] = (when, kind, Terms(had.policy, had.priority, value))
            if kind == "terms" and world.of[had[0].calendar] == world.of[value]:
                found[n] = (when, kind, (Terms(had[0].policy, had[0].priority, value), had[1]))
    return found


def _promises(events: list[Happened]) -> dict[Key, Said]:
    found: dict[Key, Said] = {}
    cycles = [*_cycles(events), (0, events[-1])]
    for n, (cycle, begun) in enumerate(cycles[:-1]):
        ends = cycles[n + 1][1].id if cycles[n + 1][0] else events[-1].id + 1
        own = [event for event in events if begun.id <= event.id < ends]
        told = [event for event in own if event.kind == "promise"]
        if told:
            found[Key(kind=Kind.PROMISE, cycle=cycle)] = _promise(events, own, told[0])
    return found


def _promise(events: list[Happened], own: list[Happened], first: Happened) -> Said:
    """24: broken by the first minute past the instant in force in which the ticket still waits to be resolved."""
    told = kept = stopped = None
    broken = False
    phase, since, at = "running", first.at, first.at
    for event in own:
        if event.id < first.id:
            continue
        moment = max(event.at, at)
        broken = broken or (phase == "running" and told is not None and since < moment and told < moment)
        if event.kind == "promise":
            told, at = event.data["until"], moment
        wanted = _PROMISE_PHASES.get(_states([one for one in events if one.id <= event.id])[0], "running")
        if stopped is None and wanted != phase:
            phase, since, at = wanted, moment, moment
            if wanted == "stopped":
                stopped, kept = moment, not broken and moment <= (told or 0)
    return Said(phase, first.at, -1, told, True, stopped, False if broken else kept)


_PROMISE_PHASES = {
    "resolved": "stopped",
    "closed": "stopped",
    "rejected": "void",
    "withdrawn": "void",
    "needs_info": "paused",
    "duplicate": "paused",
}
