"""What the crew's and the dispatcher's pages say about an order, in the reader's language.

The rules hold message ids; here they become words: states as chips, reasons, why somebody was chosen or left out, and
what happened last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import ngettext

from app.core import i18n, words
from app.core.i18n import gettext as _
from app.core.i18n import listed, per_language
from app.tickets.rules import workflow
from app.tickets.rules.dispatching import (
    CRITERION_LABELS,
    EXCLUSION_LABELS,
    FACTOR_LABELS,
    Criterion,
    Exclusion,
    Factor,
    Why,
)
from app.tickets.rules.needs import HELP_REASONS
from app.tickets.rules.priority import IMPACT_LABELS, URGENCY_LABELS
from app.tickets.rules.reasons import HOLD_NEEDS_CARD, HOLD_NEEDS_UNTIL, OTHER
from app.tickets.rules.workflow import OrderAct, OrderState, TicketAct


class Chip(NamedTuple):
    """A state as `ui.chip` takes it."""

    text: str
    kind: str | None = None
    icon: str | None = None


_LOOKS: dict[OrderState, tuple[str | None, str | None]] = {
    OrderState.OFFERED: ("soon", "hourglass"),
    OrderState.ACCEPTED: ("info", None),
    OrderState.EN_ROUTE: ("info", "walk"),
    OrderState.WORKING: ("info", "wrench"),
    OrderState.ON_HOLD: ("hold", "pause"),
    OrderState.DONE: ("good", "check"),
    OrderState.VERIFIED: ("good", "check"),
    OrderState.CLOSED: ("good", "check"),
}


def urged(times: int) -> str:
    """How often the reporter reminded in this cycle; nothing where he did not."""
    return ngettext("reminded %(num)d time", "reminded %(num)d times", times) if times else ""


def said(name: Mapping[str, str]) -> str:
    """Words of the catalogue in the reader's language, for options."""
    return words.text(name, i18n.locale())


@per_language
def said_as_stored(name: str) -> str:
    """The same for words as text (`words.stored`)."""
    return said(words.stored(name))


@per_language
def state(code: str) -> str:
    """The word for an order's state."""
    return str(_(workflow.ORDER_LABELS[OrderState(code)]))


@per_language
def state_chip(code: str) -> Chip:
    """The state as `ui.chip` takes it."""
    kind, icon = _LOOKS.get(OrderState(code), (None, None))
    return Chip(state(code), kind, icon)


def outcome_chip(code: str, *, reworked: bool) -> Chip:
    """The state as `ui.chip` takes it; what was finished and did not hold (another order does it again) says so."""
    if code == OrderState.CLOSED and reworked:
        return Chip(str(_("Not fixed")), "late", "repeat")
    return state_chip(code)


def act(code: OrderAct) -> str:
    """What a button for the act says."""
    return str(_(workflow.ORDER_ACT_LABELS[code]))


@per_language
def priority(code: str) -> str:
    """The word for a priority."""
    return str(_(URGENCY_LABELS[code]))


def impact(code: str) -> str:
    """The word for how far a fault reaches."""
    return str(_(IMPACT_LABELS[code]))


def urgent(code: str) -> bool:
    """Whether the priority is said on lists: the usual one goes without saying."""
    return code in ("high", "emergency")


@per_language
def reason(of: OrderAct, stored: str | None) -> str:
    """A stored reason in words: the label of a code, or what somebody wrote."""
    if not stored:
        return ""
    label = workflow.reason_label(of, stored)
    return label if label == stored else str(_(label))


def reason_choices(of: OrderAct | TicketAct) -> list[dict[str, str]]:
    """The reasons a form offers for an act; `needs` names what one demands besides."""
    return [_choice(each) for each in workflow.choices(of)]


def _choice(reason: workflow.Reason) -> dict[str, str]:
    shown = {"value": reason.code, "label": str(_(reason.label))}
    return {**shown, "small": str(_("in your own words")), "needs": "words"} if reason.code == OTHER else shown


def hold_choices() -> list[dict[str, Any]]:
    """The closed list of hold reasons, each with what it demands besides; `needs` names that field of the form."""
    until, card = str(_("until when is needed")), str(_("a card left or a new time is needed"))
    found: list[dict[str, Any]] = []
    for choice in reason_choices(OrderAct.HOLD):
        reason = workflow.HoldReason(choice["value"])
        if reason in HOLD_NEEDS_UNTIL:
            found.append({**choice, "small": until, "needs": "until"})
        else:
            found.append({**choice, "small": card, "needs": "card"} if reason in HOLD_NEEDS_CARD else choice)
    return found


def help_choices() -> list[dict[str, str]]:
    """Why a second pair of hands may be needed."""
    return [{"value": each.code, "label": str(_(each.label))} for each in HELP_REASONS.items]


def help_reason(stored: str | None) -> str:
    """The reason of such a request in words."""
    known = {each.code: each.label for each in HELP_REASONS.items}
    return str(_(known[stored])) if stored in known else ""


def parts(data: Mapping[str, Any] | None) -> str:
    """The parts a hold waits for, on one line; empty where none were named."""
    named = [f"{each['name']} × {each['quantity']}" for each in (data or {}).get("parts", ())]
    return listed(named)


def override_choices() -> list[dict[str, str]]:
    """The reasons for setting shift or cap aside."""
    return [_choice(each) for each in workflow.OVERRIDE_REASONS.items]


def given_because(stored: str | None) -> str:
    """The reason in words for which a dispatcher gave an order to somebody, or overrode his shift or cap."""
    return reason(OrderAct.OFFER, stored)


def moment(code: str) -> str:
    """When a photo of an order was taken, beside it; of a signature what it is."""
    said = {"before": _("before"), "signature": _("signature")}
    return str(said.get(code, _("after")))


def visit(row: Any) -> str:
    """When the reporter asked somebody to come, on one line; empty where at any time."""
    if row.visit_from is None:
        return ""
    day = f"{i18n.format_weekday(row.visit_from)} {i18n.format_day(row.visit_from)}"
    return f"{day} {i18n.format_time(row.visit_from)}–{i18n.format_time(row.visit_to)}"


def hold(stored: str | None, until: datetime | None) -> str:
    """Why an order stands still, and until when."""
    why = reason(OrderAct.HOLD, stored)
    return _("%(why)s, until %(when)s", why=why, when=i18n.format_moment(until)) if until else why


def factor(code: str, values: Mapping[str, Any]) -> str:
    """One part of the explanation of a choice; instants are shown in the reader's zone."""
    return str(_(FACTOR_LABELS[Factor(code)], **{name: _shown(name, value) for name, value in values.items()}))


def _shown(name: str, value: Any) -> Any:
    if name in ("at", "until"):
        return i18n.format_moment(datetime.fromisoformat(value))
    return i18n.format_span(value) if name == "minutes" else value


def criterion(code: Criterion) -> str:
    """What a part of a score weighs."""
    return str(_(CRITERION_LABELS[code]))


def factors(reasons: Iterable[Why]) -> str:
    """Why somebody was ranked where he is, as one line."""
    return _SEPARATOR.join(factor(each.factor.value, each.values) for each in reasons)


def exclusion(code: Exclusion | str) -> str:
    """Why somebody cannot be offered the order."""
    return str(_(EXCLUSION_LABELS[Exclusion(code)]))


def why_me(why: Mapping[str, Any] | None, person_id: int | None) -> str:
    """Why the ranking stored with an offer put this person first; empty where it says nothing about him."""
    for candidate in (why or {}).get("candidates", ()):
        if candidate["person_id"] == person_id:
            return _SEPARATOR.join(factor(each["factor"], each["values"]) for each in candidate["reasons"])
    return ""


def change(last: Any) -> str:
    """What happened to an order last, as one sentence: for somebody who saw an older version.

    `last` has kind, at, actor_kind, actor_name, person_name (see `queries.crew_day.last_change`).
    """
    who = last.actor_name or _("The system")
    when = i18n.format_moment(last.at)
    if last.kind in (OrderAct.OFFER, OrderAct.REASSIGN) and last.person_name:
        return str(_("%(who)s gave it to %(person)s, %(when)s.", who=who, person=last.person_name, when=when))
    what = _(workflow.ORDER_EVENT_LABELS[OrderAct(last.kind)])
    return str(_("%(what)s: %(who)s, %(when)s.", what=what, who=who, when=when))


def cancelled(last: Any) -> str:
    """Why an order was cancelled; empty where its last change was another or says nothing."""
    return reason(OrderAct.CANCEL, last.reason) if last is not None and last.kind == OrderAct.CANCEL else ""


def now_is(code: str) -> str:
    """The sentence that names the present state."""
    return str(_("It is now: %(state)s.", state=state(code)))


_SEPARATOR = "\u00a0· "  # no line begins with it
