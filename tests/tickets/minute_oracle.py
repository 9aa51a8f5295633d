"""The oracle of the clocks: walks the minutes of a ticket's life one by one (tickets-rules 1 to 19, 21 to 25).

For each event it works out anew, from the events so far, what every clock should be doing; then it counts working
minutes as `tests.sites.minutes` sees them. It shares no code with `app.tickets.rules.sla*` but the shape of events,
policies and keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.sites.rules.worktime import Days
from app.tickets.rules.sla import Key, Kind, Terms
from app.tickets.rules.sla_history import Happened
from tests.tickets.minute_timeline import Timeline, cycle_of_order, cycles_of, states
from tests.tickets.minute_world import World


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
    keys = {Key(kind=kind, cycle=cycle) for cycle, _e in cycles_of(events) for kind in (Kind.RESPOND, Kind.RESTORE)}
    for event in events:
        if event.order_id is not None and event.to == "queued":
            cycle = cycle_of_order(events, event.order_id)
            keys |= {Key(kind=kind, order_id=event.order_id, cycle=cycle) for kind in (Kind.DISPATCH, Kind.ARRIVE)}
    lines = {key: Timeline(key, events, world).drawn() for key in keys}
    found = {key: _Walk(key, drawn, world).said() for key, drawn in lines.items() if drawn}
    promises = _promises(events)
    return {key: said for key, said in (*found.items(), *promises.items()) if said is not None}


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
    cycles = [*cycles_of(events), (0, events[-1])]
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
        wanted = _PROMISE_PHASES.get(states([one for one in events if one.id <= event.id])[0], "running")
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
