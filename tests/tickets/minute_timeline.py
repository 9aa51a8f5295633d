"""What each clock should be doing after each event, worked out anew from the events so far (tickets-rules 1 to 19)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.tickets.rules.sla import Key, Kind, Terms
from app.tickets.rules.sla_history import Happened
from tests.tickets.minute_world import PRIORITIES, World

OPEN_STATES = {"planned", "queued", "offered", "accepted", "en_route", "working", "on_hold"}


def cycles_of(events: list[Happened]) -> list[tuple[int, Happened]]:
    begins = [event for event in events if event.kind in ("file", "not_fixed")]
    return list(enumerate(begins, start=1))


def cycle_of_order(events: list[Happened], order_id: int) -> int:
    opened = next(event for event in events if event.order_id == order_id)
    return sum(event.kind in ("file", "not_fixed") for event in events if event.id <= opened.id)


def states(events: list[Happened]) -> tuple[str, dict[int, dict[str, Any]]]:
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


class Timeline:
    """(minute, what, value) of one clock: phases as they change, terms, instants, publications; in order of events."""

    def __init__(self, key: Key, events: list[Happened], world: World) -> None:
        self.key = key
        self.events = events
        self.world = world
        self.lines: list[tuple[int, str, Any]] = []
        self.phase: str | None = None
        self.terms: Terms | None = None
        cycles = dict(cycles_of(events))
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


def _respond_wanted(line: Timeline, so_far: list[Happened]) -> str:
    status, _orders = states(so_far)
    if any(_human_act(event) for event in so_far if event.id >= line.begun.id) or status in ("resolved", "closed"):
        return "stopped"
    return "void" if status in ("rejected", "withdrawn") else "running"


def _restore_wanted(line: Timeline, so_far: list[Happened]) -> str:
    status, orders = states(so_far)
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


def _stops(line: Timeline, order: dict[str, Any], kind: Kind) -> bool:
    if line.terms is None or order["reason"] is None:
        return False
    return kind in line.world.stops[line.terms.policy].get(order["reason"], ())


def _before_queued(line: Timeline, so_far: list[Happened]) -> str | None:
    """4: what accepting opens has run since filing, as long as the request waited to be accepted."""
    if not line.direct:
        return None
    return "running" if states(so_far)[0] == "submitted" else "paused"


def _queued(line: Timeline, so_far: list[Happened]) -> bool:
    return any(event.order_id == line.key.order_id and event.to == "queued" for event in so_far)


def _dispatch_wanted(line: Timeline, so_far: list[Happened]) -> str | None:
    if not _queued(line, so_far):
        return _before_queued(line, so_far)
    order = states(so_far)[1][line.key.order_id or 0]
    if order["worked"]:
        return "stopped"
    phases = {"cancelled": "void", "queued": "running", "offered": "running"}
    found: str = phases.get(order["state"], "standing" if order["held"] else "paused")
    return found


def _arrive_wanted(line: Timeline, so_far: list[Happened]) -> str | None:
    if not _queued(line, so_far):
        return _before_queued(line, so_far)
    order = states(so_far)[1][line.key.order_id or 0]
    if order["worked"] or order["door"]:
        return "stopped"
    if order["state"] == "cancelled":
        return "void"
    return "paused" if order["state"] == "planned" or _stops(line, order, Kind.ARRIVE) else "running"


_WANTED: dict[Kind, Callable[[Timeline, list[Happened]], str | None]] = {
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
