"""The clocks of a ticket in words: how each stands, and the trail behind its due time (tickets-rules 1 to 23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import ngettext

from app.core import i18n
from app.core.i18n import gettext as _
from app.sites.calendars import queries as calendars
from app.sites.rules.worktime import Days, instant_of
from app.tickets import due_words, order_words
from app.tickets.order_words import Chip
from app.tickets.queries import clock_view, sla
from app.tickets.queries.clock_view import Line, View
from app.tickets.queries.sla_policies import POLICIES
from app.tickets.rules import history, workflow
from app.tickets.rules.history import Remark
from app.tickets.rules.sla import OF_TICKET, Act, Kind, Phase
from app.tickets.rules.workflow import OrderAct, TicketAct


@dataclass(slots=True)
class ClockLine:
    """One clock of the panel; `of` names its order and cycle, `excusable`: its due time has passed, unexcused."""

    id: int
    name: str
    of: str
    says: str
    facts: list[tuple[str, str]]
    chip: Chip | None = None
    excused: bool = False
    excusable: bool = False
    promised: bool = False
    trail: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Panel:
    """The clocks of the present cycle, and those of earlier ones."""

    now: list[ClockLine] = field(default_factory=list)
    earlier: list[ClockLine] = field(default_factory=list)

    @property
    def missed(self) -> list[ClockLine]:
        """Those whose due time has passed and which nobody has excused."""
        return [line for line in (*self.now, *self.earlier) if line.excusable]


def panel(
    ticket_id: int,
    now: datetime,
    *,
    zone: str | None,
    numbers: Mapping[int, str],
    order_id: int | None = None,
) -> Panel:
    """The clocks of a ticket and its orders, or of one order and its ticket, in words of the campus's `zone`.

    `numbers` are the orders people know by number. For readers who are staff of the ticket's scope.
    """
    found = [
        view for view in clock_view.views(ticket_id, now) if order_id is None or view.key.order_id in (None, order_id)
    ]
    if not found:
        return Panel()
    names = _Names.of(found)
    cycle = max(view.key.cycle for view in found)
    lines = [(view.key.cycle, _line(view, names, zone, numbers)) for view in found]
    return Panel([line for of, line in lines if of == cycle], [line for of, line in lines if of < cycle])


@dataclass(frozen=True, slots=True)
class _Names:
    """What the versions named in trails are called: two statements however many there are."""

    policies: Mapping[int, Any]
    calendars: Mapping[int, Any]

    @classmethod
    def of(cls, found: Sequence[View]) -> _Names:
        lines = [line for view in found for line in view.trail]
        return cls(
            POLICIES.named([line.policy_id for line in lines if line.policy_id is not None]),
            calendars.named([line.calendar_id for line in lines if line.calendar_id is not None]),
        )

    def policy(self, version_id: int) -> str:
        return self._said(self.policies.get(version_id))

    def calendar(self, version_id: int) -> str:
        return self._said(self.calendars.get(version_id))

    @staticmethod
    def _said(row: Any) -> str:
        return (
            "" if row is None else _("%(name)s, version %(number)s", name=order_words.said(row.name), number=row.number)
        )


def _line(view: View, names: _Names, zone: str | None, numbers: Mapping[int, str]) -> ClockLine:
    with i18n.in_zone(zone):
        of = numbers.get(view.key.order_id or 0, "")
        cycle = _("cycle %(number)s", number=view.key.cycle) if view.key.cycle > 1 else ""
        return ClockLine(
            id=view.id,
            name=due_words.clock(view.key.kind.value),
            of=" · ".join(filter(None, (of, cycle))),
            says=_says(view),
            facts=_facts(view),
            chip=_chip(view),
            excused=view.clock.excused,
            promised=view.key.kind is Kind.PROMISE,
            excusable=view.state in ("late", "missed") and not view.clock.excused,
            trail=[_entry(line, names) for line in reversed(_told(view.trail))],
        )


def _chip(view: View) -> Chip | None:
    """How it stands, in a word or two; none where it simply runs."""
    left = view.left
    if view.state == "late" and (left is None or left >= 0):
        return Chip(_("broken"), "late", "alert")  # told anew: the old one stays broken (23)
    if view.state == "late":
        return Chip(_("late %(span)s", span=i18n.format_hours(-(left or 0))), "late", "clock")
    if view.state == "missed":
        return Chip(_("missed"), "late", "alert")
    if view.state == "soon":
        return Chip(_("%(span)s left", span=i18n.format_hours(left or 0)), "soon", "hourglass")
    said: dict[str, Chip] = {
        "met": Chip(_("kept"), "good", "check"),
        "paused": Chip(_("paused"), "hold", "pause"),
        "standing": Chip(_("stands"), "info", "pause"),
        "void": Chip(_("not counted"), None, "no"),
    }
    return said.get(view.state)


def _says(view: View) -> str:
    """How it stands, as one sentence."""
    clock = view.clock
    since = i18n.format_moment(instant_of(clock.since))
    if clock.phase is Phase.VOID:
        if view.key.kind in OF_TICKET:
            return _("The request ended without being done; no figure counts it.")
        return _("The order ended before this step; no figure counts it.")
    if clock.phase is Phase.STOPPED:
        return _stopped(view)
    if clock.endless:
        return _("It runs, but its calendar has no working time within ten years, so it is never due.")
    if clock.phase is Phase.PAUSED:
        return _("Paused since %(since)s: %(why)s.", since=since, why=_why_paused(view))
    if clock.phase is Phase.STANDING:
        return _("Stands since %(since)s: somebody has the order.", since=since)
    if view.state == "late":
        return _("It runs, and its due time has passed.")
    return _("It runs.")


def _stopped(view: View) -> str:
    at = i18n.format_moment(view.stopped_at)
    if view.left is None or view.clock.kept is None:
        return _("Stopped: %(at)s.", at=at)
    if view.clock.kept:
        return _("Kept: stopped %(at)s, %(span)s of working time to spare.", at=at, span=i18n.format_hours(view.left))
    if view.left >= 0:
        return _("Broken earlier; stopped %(at)s.", at=at)
    return _("Broken: stopped %(at)s, %(span)s of working time too late.", at=at, span=i18n.format_hours(-view.left))


def _facts(view: View) -> list[tuple[str, str]]:
    found = [(_("Target"), _target(view))]
    if view.due_at is not None:
        found.append((_("Due"), i18n.format_due(view.due_at)))
    if view.key.kind is not Kind.PROMISE:
        found.append((_("Used"), i18n.format_hours(view.used)))
    if view.clock.not_before is not None:
        found.append((_("Not due before"), i18n.format_due(instant_of(view.clock.not_before))))
    return found


def _target(view: View) -> str:
    """What the policy gives the clock, as it is written there (12)."""
    if view.key.kind is Kind.PROMISE:
        return _("What the reporter was told")
    terms = view.clock.terms
    wanted = sla.policy(terms.policy).lines[terms.priority].targets.get(view.key.kind)
    if wanted is None:
        return _("none")
    if not isinstance(wanted, Days):
        return i18n.format_hours(wanted)
    if wanted.count == 0:
        return _("the same working day")
    return str(ngettext("%(num)d working day", "%(num)d working days", wanted.count))


def _why_paused(view: View) -> str:
    last = next((line for line in reversed(view.trail) if line.act is Act.PAUSE), None)
    return "" if last is None else _behind(last)


def event_label(kind: str, order_id: int | None) -> str:
    """What an event of a ticket's history is called."""
    if kind in set(Remark):
        return str(_(history.REMARK_LABELS[Remark(kind)]))
    if order_id is not None:
        return str(_(workflow.ORDER_EVENT_LABELS[OrderAct(kind)]))
    return str(_(workflow.TICKET_EVENT_LABELS[TicketAct(kind)]))


def _behind(line: Line) -> str:
    """What made the clock do it."""
    if line.kind == OrderAct.HOLD and line.order_id is not None:
        return order_words.reason(OrderAct.HOLD, line.reason)
    return event_label(line.kind, line.order_id) if line.kind else ""


_TURNS = frozenset({Act.RUN, Act.PAUSE, Act.STAND})
_AFTER = _TURNS | {Act.STOP, Act.VOID}


def _told(trail: Sequence[Line]) -> list[Line]:
    """The lines worth telling: a turn that another takes back in the same minute moved nothing (8)."""
    found: list[Line] = []
    for line in trail:
        last = found[-1] if found else None
        if last is not None and last.at == line.at:
            if last.act in _TURNS and line.act in _AFTER:
                found.pop()
                last = found[-1] if found else None
            if line.act is Act.RUN and last is not None and last.act is Act.START and last.at == line.at:
                continue
        found.append(line)
    return found


def _entry(line: Line, names: _Names) -> dict[str, str]:
    """A line of the trail as `ui.timeline` takes it."""
    after = []
    if line.act in (Act.START, Act.TERMS) and line.policy_id is not None and line.calendar_id is not None:
        after.append(names.policy(line.policy_id))
        after.append(_("priority %(priority)s", priority=order_words.priority(line.priority or "normal")))
        after.append(names.calendar(line.calendar_id))
    after.append(_("due %(time)s", time=i18n.format_due(line.due_at)) if line.due_at else _("no due time"))
    if line.used:
        after.append(_("%(span)s used", span=i18n.format_hours(line.used)))
    return {
        "time": i18n.format_time(line.at),
        "iso": i18n.iso(line.at) or "",
        "day": f"{i18n.format_weekday(line.at)} {i18n.format_day(line.at)}",
        "title": _title(line, names),
        "who": "",
        "text": " · ".join(filter(None, after)),
    }


def _title(line: Line, names: _Names) -> str:
    what = _behind(line)
    if line.act is Act.CALENDAR:
        name = names.calendar(line.calendar_id) if line.calendar_id is not None else ""
        return _("Judged anew from its start: %(calendar)s", calendar=name)
    if line.act is Act.NOT_BEFORE:
        why = _("more time was approved") if line.kind == Remark.EXTENSION else _("the visit the reporter chose")
        return _("Not due before %(when)s: %(why)s", when=i18n.format_due(line.until), why=why)
    if line.act is Act.TOLD:
        return _("Promised to the reporter: %(when)s", when=i18n.format_due(line.until))
    if line.act is Act.EXCUSE:
        return _("Excused: %(reason)s", reason=line.reason or "")
    if line.act is Act.TERMS:
        return _("Other terms: %(what)s", what=what)
    said = {
        Act.START: _("Started: %(what)s", what=what),
        Act.RUN: _("Runs on: %(what)s", what=what),
        Act.PAUSE: _("Paused: %(what)s", what=what),
        Act.STAND: _("Stands: %(what)s", what=what),
        Act.STOP: _("Stopped: %(what)s", what=what),
        Act.VOID: _("No longer counted: %(what)s", what=what),
    }
    return said[line.act]
