"""Steps before and after a due time (tickets-rules 20).

A step lies a number of working minutes before or after the due time of its clock and is taken once its minute is over
(8). It is taken once per clock, cycle, step and due time; what is overdue is taken all at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.sites.rules.worktime import WorkTime
from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.sla import Clock, Kind
from app.tickets.rules.states import OrderState


class Do(StrEnum):
    """What a step does."""

    NOTIFY = "notify"
    RAISE = "raise"
    REASSIGN = "reassign"
    CALL = "call"


class Whom(StrEnum):
    """Whom it turns to."""

    RESPONSIBLE = "responsible"
    DUTY_LEAD = "duty_lead"
    SUPERVISOR = "supervisor"


DO_LABELS: Final[dict[Do, str]] = {
    Do.NOTIFY: gettext_noop("Tell"),
    Do.RAISE: gettext_noop("Raise the priority"),
    Do.REASSIGN: gettext_noop("Give it to somebody else"),
    Do.CALL: gettext_noop("Call"),
}
WHOM_LABELS: Final[dict[Whom, str]] = {
    Whom.RESPONSIBLE: gettext_noop("whoever is responsible"),
    Whom.DUTY_LEAD: gettext_noop("the duty lead"),
    Whom.SUPERVISOR: gettext_noop("the supervisors"),
}

REASSIGNABLE: Final = frozenset({OrderState.QUEUED, OrderState.OFFERED})
"""Only from here a step asks somebody else: nobody holds it yet.

Rule 20 would allow `accepted` too, but no row of the table lets the system take an order from its holder: he gives it
back or a person reassigns it. Such a step tells whom it turns to, and that person decides (ADR 0008).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: `after` working minutes after the due time (negative: before); `clocks` empty: every clock."""

    after: int
    do: Do
    whom: Whom = Whom.RESPONSIBLE
    clocks: frozenset[Kind] = frozenset()

    @property
    def code(self) -> str:
        """What names the step in the history."""
        return f"{self.after:+d}:{self.do}:{self.whom}"

    @classmethod
    def of_code(cls, code: str) -> Step | None:
        """The step a history names, for every clock; None for what names none."""
        after, do, whom = [*code.split(":"), "", ""][:3]
        if do not in set(Do) or whom not in set(Whom):
            return None
        return cls(after=int(after), do=Do(do), whom=Whom(whom))

    def of(self, kind: Kind) -> bool:
        """Whether the step belongs to a kind of clock."""
        return not self.clocks or kind in self.clocks


Taken = Collection[tuple[str, int]]
"""Steps taken already: code and the due time they were taken for."""


def minute_of_step(step: Step, due: int, work: WorkTime) -> int | None:
    """The minute a step belongs to; None where so much working time does not come."""
    if step.after < 0:
        return work.back(due, -step.after)
    return work.due(due, step.after)


def steps_due(clock: Clock, steps: Iterable[Step], work: WorkTime, taken: Taken, now: int) -> list[Step]:
    """The steps whose minute is over at `now` and which have not been taken, in order; standing clocks have none."""
    return [step for minute, step in _open_steps(clock, steps, work, taken) if minute < now]


def next_at(clock: Clock, steps: Iterable[Step], work: WorkTime, taken: Taken) -> int | None:
    """The minute at whose beginning the clock has to be looked at next: that after its next step's."""
    return min((minute + 1 for minute, _step in _open_steps(clock, steps, work, taken)), default=None)


def _open_steps(clock: Clock, steps: Iterable[Step], work: WorkTime, taken: Taken) -> list[tuple[int, Step]]:
    if not clock.running or clock.due is None:
        return []
    found = []
    for step in steps:
        if step.of(clock.key.kind) and (step.code, clock.due) not in taken:
            minute = minute_of_step(step, clock.due, work)
            if minute is not None:
                found.append((minute, step))
    return sorted(found, key=lambda pair: (pair[0], pair[1].after))
