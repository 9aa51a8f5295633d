"""What an escalation in the history tells: of which clock, how near its due time, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core import i18n
from app.core.i18n import gettext as _
from app.tickets import due_words
from app.tickets.rules.duty import CAUSE_LABELS, Cause
from app.tickets.rules.escalation import DO_LABELS, WHOM_LABELS, Do, Step, Whom


def told(data: Mapping[str, Any]) -> list[str]:
    """Its lines, from what the event keeps: a step of a clock (20), a clock without an end (10), a call (38)."""
    if data.get("cause") in set(Cause):
        return [str(_(CAUSE_LABELS[Cause(data["cause"])])), _done(Do.CALL, Whom.DUTY_LEAD)]
    if "clock" not in data:
        return []
    clock = due_words.clock(data["clock"])
    step = Step.of_code(data.get("step", ""))
    if step is None:
        return [_("%(clock)s: its calendar never reaches a due time", clock=clock)]
    return [_when(clock, step.after), _done(step.do, step.whom)]


def _when(clock: str, after: int) -> str:
    span = i18n.format_hours(abs(after))
    if after < 0:
        return _("%(clock)s: %(span)s before it is due", clock=clock, span=span)
    return _("%(clock)s: %(span)s overdue", clock=clock, span=span) if after else _("%(clock)s: it is due", clock=clock)


def _done(do: Do, whom: Whom) -> str:
    if do is Do.NOTIFY:
        return _("told: %(whom)s", whom=_(WHOM_LABELS[whom]))
    if do is Do.CALL:
        return _("called: %(whom)s", whom=_(WHOM_LABELS[whom]))
    return str(_(DO_LABELS[do]))
