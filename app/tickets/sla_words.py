"""What a service level says, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.core.i18n import gettext as _
from app.sites.calendars.words import HOURS_LABELS
from app.sites.rules.worktime import Days, Target
from app.tickets.rules.escalation import DO_LABELS, WHOM_LABELS, Step
from app.tickets.rules.priority import IMPACT_LABELS, ROWS, URGENCIES, URGENCY_LABELS
from app.tickets.rules.reasons import HoldReason, reason_label
from app.tickets.rules.sla import KIND_LABELS, Kind
from app.tickets.rules.sla_policy import STOPPABLE, TARGETS, Policy
from app.tickets.rules.workflow import OrderAct

_UNITS: dict[str, Any] = {
    "minutes": _l("minutes"),
    "days": _l("days"),
    "none": _l("none"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One priority of a service level in words; `targets` in the order of `rules.sla_policy.TARGETS`."""

    priority: str
    label: str
    hours: str
    targets: tuple[str, ...]
    floor: str
    promise: bool


def table(policy: Policy) -> list[Row]:
    """A line per priority, the highest first."""
    return [
        Row(
            priority,
            _(URGENCY_LABELS[priority]),
            str(HOURS_LABELS[policy.lines[priority].hours]),
            tuple(target(policy.lines[priority].targets.get(kind)) for kind in TARGETS),
            minutes(policy.lines[priority].floor),
            policy.lines[priority].promise,
        )
        for priority in reversed(URGENCIES)
    ]


def target(given: Target | None) -> str:
    """`30 min`, `4 h`, `same day`, `3 days`, `–`; a day is a working day (12)."""
    if given is None:
        return "–"
    if isinstance(given, Days):
        days = ngettext("%(num)s working day", "%(num)s working days", given.count)
        return str(days) if given.count else _("same day")
    return minutes(given)


def minutes(count: int) -> str:
    """Working minutes, as hours where they are whole hours; never as days, which would be read as dates."""
    if count and count % 60 == 0:
        return _("%(hours)s h", hours=count // 60)
    return _("%(minutes)s min", minutes=count)


def stops(policy: Policy) -> list[tuple[str, str]]:
    """Each reason of a hold with the clocks it stops (5)."""
    nothing = _("nothing")
    return [
        (word, _joined(kind for kind in STOPPABLE if kind in policy.stops.get(code, ())) or nothing)
        for code, word in reasons()
    ]


def steps(policy: Policy) -> list[tuple[str, str, str]]:
    """Each step: when, what is done, of which clocks (20)."""
    return [(when(step), what(step), _joined(step.clocks) or _("every clock")) for step in policy.steps]


def when(step: Step) -> str:
    if step.after == 0:
        return _("when it is due")
    if step.after < 0:
        return _("%(length)s before it is due", length=minutes(-step.after))
    return _("%(length)s after it was due", length=minutes(step.after))


def what(step: Step) -> str:
    return _("%(do)s: %(whom)s", do=_(DO_LABELS[step.do]), whom=_(WHOM_LABELS[step.whom]))


def _joined(found: Iterable[Kind]) -> str:
    wanted = set(found)
    return _(", ").join(_(word) for kind, word in KIND_LABELS.items() if kind in wanted)


def differences(before: Policy, after: Policy) -> list[tuple[str, str, str]]:
    """What two contents say differently: (what, before, after) in the order of the form; a dash where there is none."""
    found = [
        (_("%(priority)s, %(field)s", priority=was.label, field=field), one, other)
        for was, now in zip(table(before), table(after), strict=True)
        for field, one, other in zip(_parts().values(), _cells(was), _cells(now), strict=True)
        if one != other
    ]
    held = zip(stops(before), stops(after), strict=True)
    found += [(_("Hold: %(reason)s", reason=word), one, other) for (word, one), (_same, other) in held if one != other]
    was, now = ([" · ".join(step) for step in steps(policy)] for policy in (before, after))
    found += [(_("Steps"), step, "–") for step in was if step not in now]
    return found + [(_("Steps"), "–", step) for step in now if step not in was]


def _cells(row: Row) -> tuple[str, ...]:
    return (*row.targets, row.hours, row.floor, _("told") if row.promise else _("none"))


def _parts() -> dict[str, str]:
    """The parts of a line by their names."""
    parts = {kind.value: _(KIND_LABELS[kind]) for kind in TARGETS}
    return parts | {"hours": _("Hours"), "floor": _("Left at least"), "promise": _("Promise")}


def priorities(codes: Sequence[str]) -> list[tuple[str, str]]:
    """Priorities with their words, the highest first."""
    return [(code, _(URGENCY_LABELS[code])) for code in reversed(codes)]


def kinds(found: Sequence[Kind]) -> list[tuple[str, str]]:
    return [(kind.value, _(KIND_LABELS[kind])) for kind in found]


def units() -> list[dict[str, str]]:
    return [{"value": code, "label": str(word)} for code, word in _UNITS.items()]


def reasons() -> list[tuple[str, str]]:
    """The reasons of a hold with their words."""
    return [(reason.value, _(reason_label(OrderAct.HOLD, reason.value))) for reason in HoldReason]


def options(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"value": code, "label": word} for code, word in pairs]


def dos() -> list[dict[str, str]]:
    return options((do.value, _(word)) for do, word in DO_LABELS.items())


def whoms() -> list[dict[str, str]]:
    return options((whom.value, _(word)) for whom, word in WHOM_LABELS.items())


def labels(names: Iterable[str]) -> dict[str, str]:
    """The words by which the summary of a refused form names its fields."""
    found = {"code": _("Code"), "name_zh": _("Name in Chinese"), "name_en": _("Name in English"), "steps": _("Steps")}
    parts = _parts()
    for name in names:
        first, _sep, rest = name.partition("_")
        if first in URGENCIES:
            found[name] = _("%(priority)s, %(field)s", priority=_(URGENCY_LABELS[first]), field=parts[rest])
        elif first == "step":
            found[name] = _("Step %(number)s", number=int(rest.rpartition("_")[2]) + 1)
    return found


def cell_labels() -> dict[str, str]:
    """The words of the cells of the priority matrix, by the names of their fields."""
    found = {
        f"{impact}_{urgency}": _(
            "%(impact)s, urgency said: %(urgency)s",
            impact=_(IMPACT_LABELS[impact]),
            urgency=_(URGENCY_LABELS[urgency]),
        )
        for impact in ROWS
        for urgency in URGENCIES
    }
    return {**found, "reason": _("Why")}
