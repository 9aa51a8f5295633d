"""SLA policies as data: targets by priority, what a hold stops, escalation steps (tickets-rules 5, 6, 20, 28).

A published version is stored as the JSON these functions write; `read` takes only what `written` could have written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from app.sites.rules.worktime import Days, Target
from app.tickets.rules.escalation import Do, Step, Whom
from app.tickets.rules.priority import URGENCIES
from app.tickets.rules.reasons import HoldReason
from app.tickets.rules.sla import OF_ORDER, Kind, Line

TARGETS: Final = (Kind.RESPOND, Kind.DISPATCH, Kind.ARRIVE, Kind.RESTORE)
"""The clocks a line has a target for; the promise follows restore (21)."""
STOPPABLE: Final = (Kind.ARRIVE, Kind.RESTORE)
"""The clocks a hold may stop (5)."""
STEPPED: Final = (Kind.RESPOND, Kind.DISPATCH, Kind.ARRIVE, Kind.RESTORE, Kind.PROMISE)
"""The clocks a step may belong to (20): those of tickets and orders."""
MOST_MINUTES: Final = 525_600
MOST_DAYS: Final = 365
MOST_STEPS: Final = 12

_STOPPING: Final = (HoldReason.PARTS, HoldReason.WEATHER, HoldReason.ACCESS, HoldReason.REPORTER_ABSENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of a policy: a line per priority, the clocks each hold reason stops, the steps."""

    lines: Mapping[str, Line]
    stops: Mapping[str, frozenset[Kind]]
    steps: tuple[Step, ...]


def _line(hours: str, respond: Target, dispatch: Target, arrive: Target, restore: Target, floor: int) -> Line:
    targets = dict(zip(TARGETS, (respond, dispatch, arrive, restore), strict=True))
    return Line(hours=hours, targets=targets, floor=floor)


_ALL_BUT_DISPATCH: Final = frozenset({Kind.RESPOND, Kind.ARRIVE, Kind.RESTORE, Kind.PROMISE})

DEFAULT: Final = Policy(
    lines=MappingProxyType(
        {
            "emergency": _line("always", 10, 15, 30, 1_440, 30),
            "high": _line("office", 30, 30, 120, Days(0), 60),
            "normal": _line("office", 240, 30, Days(1), Days(3), 120),
            "low": _line("office", 480, 240, Days(5), Days(15), 240),
        }
    ),
    stops=MappingProxyType({reason.value: frozenset(STOPPABLE) for reason in _STOPPING}),
    steps=(
        Step(after=-10, do=Do.NOTIFY, whom=Whom.RESPONSIBLE, clocks=_ALL_BUT_DISPATCH),
        Step(after=-10, do=Do.CALL, whom=Whom.DUTY_LEAD, clocks=frozenset({Kind.DISPATCH})),
        Step(after=0, do=Do.NOTIFY, whom=Whom.DUTY_LEAD),
        Step(after=60, do=Do.NOTIFY, whom=Whom.SUPERVISOR),
    ),
)
"""28: what every institution begins with; its default policy always exists (6)."""


def faults(policy: Policy) -> list[tuple[str, str]]:
    """What is wrong with a policy: (where, code).

    Where is a path such as `lines.high.respond` or `steps.2.do`. Codes: `minutes`, `days`, `floor` (out of bounds),
    `promise` (it follows the target of the repair, and there is none, 21), `many`, `after`, `twice` and `call` of steps
    (a duty lead is called for an order, 38).
    """
    found = [each for priority in URGENCIES for each in _line_faults(f"lines.{priority}", policy.lines[priority])]
    if len(policy.steps) > MOST_STEPS:
        found.append(("steps", "many"))
    seen: set[tuple[str, Kind | None]] = set()
    for number, step in enumerate(policy.steps[:MOST_STEPS]):
        where = f"steps.{number}"
        if abs(step.after) > MOST_MINUTES:
            found.append((f"{where}.after", "after"))
        if step.do is Do.CALL and not (step.clocks and step.clocks <= frozenset(OF_ORDER)):
            found.append((f"{where}.do", "call"))
        taken = {(step.code, kind) for kind in step.clocks or frozenset(STEPPED)}
        if taken & seen:
            found.append((f"{where}.after", "twice"))
        seen |= taken
    return found


def _line_faults(where: str, line: Line) -> list[tuple[str, str]]:
    found = []
    for kind, target in line.targets.items():
        if isinstance(target, Days):
            if not 0 <= target.count <= MOST_DAYS:
                found.append((f"{where}.{kind.value}", "days"))
        elif not 1 <= target <= MOST_MINUTES:
            found.append((f"{where}.{kind.value}", "minutes"))
    if not 0 <= line.floor <= MOST_MINUTES:
        found.append((f"{where}.floor", "floor"))
    if line.promise and Kind.RESTORE not in line.targets:
        found.append((f"{where}.promise", "promise"))
    return found


def written(policy: Policy) -> dict[str, Any]:
    """The policy as JSON."""
    return {
        "lines": {priority: _written_line(policy.lines[priority]) for priority in URGENCIES},
        "stops": {
            reason.value: sorted(policy.stops[reason.value]) for reason in HoldReason if policy.stops.get(reason.value)
        },
        "steps": [
            {"after": step.after, "do": step.do.value, "whom": step.whom.value, "clocks": sorted(step.clocks)}
            for step in policy.steps
        ],
    }


def _written_line(line: Line) -> dict[str, Any]:
    targets = {kind.value: _written_target(line.targets.get(kind)) for kind in TARGETS}
    return {"hours": line.hours, **targets, "floor": line.floor, "promise": line.promise}


def _written_target(target: Target | None) -> Any:
    return {"days": target.count} if isinstance(target, Days) else target


def flat(content: Mapping[str, Any]) -> dict[str, Any]:
    """Written content as members that can be compared: one per cell, one for the holds, one for the steps."""
    cells = {f"{priority}.{name}": value for priority, line in content["lines"].items() for name, value in line.items()}
    return {**cells, "stops": content["stops"], "steps": content["steps"]}


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """The members of `flat` that two written contents say differently, each with both values."""
    was, now = flat(before), flat(after)
    return [(name, was[name], now[name]) for name in was if was[name] != now[name]]


def read(data: Mapping[str, Any]) -> Policy:
    """The policy of a stored version. Raises KeyError, ValueError for what was never written."""
    return Policy(
        lines={priority: _read_line(data["lines"][priority]) for priority in URGENCIES},
        stops={reason: frozenset(Kind(kind) for kind in kinds) for reason, kinds in data["stops"].items()},
        steps=tuple(
            Step(
                after=step["after"],
                do=Do(step["do"]),
                whom=Whom(step["whom"]),
                clocks=frozenset(Kind(kind) for kind in step["clocks"]),
            )
            for step in data["steps"]
        ),
    )


def _read_line(data: Mapping[str, Any]) -> Line:
    targets = {kind: _read_target(data[kind.value]) for kind in TARGETS}
    return Line(
        hours=data["hours"],
        targets={kind: target for kind, target in targets.items() if target is not None},
        floor=data["floor"],
        promise=data["promise"],
    )


def _read_target(data: Any) -> Target | None:
    return Days(data["days"]) if isinstance(data, Mapping) else data
