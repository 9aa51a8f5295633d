"""What remarks of one kind tell apart in the history: who joined or left, what was asked, which request is meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _

from app.core import i18n
from app.tickets import due_words, order_words
from app.tickets.rules.history import Remark
from app.tickets.rules.workflow import OrderAct, TicketAct

_TITLES: Final[dict[tuple[str, Any], Callable[[], str]]] = {
    (Remark.REMIND, "reporter"): lambda: _("Reminder by the reporter"),
    (Remark.HELPER, "added"): lambda: _("Helper added"),
    (Remark.HELPER, "asked"): lambda: _("A second pair of hands asked for"),
    (Remark.HELPER, "left"): lambda: _("Helper left"),
    (Remark.CALL_BACK, "asked"): lambda: _("The crew asks for a call"),
    (Remark.CALL_BACK, "answered"): lambda: _("The reporter answered the wish for a call"),
    (Remark.CALL_BACK, "number"): lambda: _("A number to call"),
    (Remark.POOL, True): lambda: _("It went into the pool"),
    (Remark.POOL, False): lambda: _("It was taken out of the pool"),
}
_NAMED_BY: Final = {Remark.REMIND: "by", Remark.HELPER: "what", Remark.CALL_BACK: "what", Remark.POOL: "pooled"}
_OTHER_REQUEST: Final = frozenset(
    {TicketAct.MERGE, TicketAct.UNMERGE, Remark.MERGED_IN, Remark.PARTED, Remark.REPOINTED, Remark.SPLIT}
)


def title(event: Any) -> str:
    """What an event is called where its kind alone does not say it; empty where it does."""
    data, named_by = event.data or {}, _NAMED_BY.get(event.kind)
    said = _TITLES.get((event.kind, data.get(named_by))) if named_by else None
    return said() if said else ""


def resumed(events: Iterable[Any]) -> set[int]:
    """The events by which work began again that had begun before, by their ids; `events` are the oldest first."""
    starts = [each for each in events if each.order_id and each.kind == OrderAct.START]
    first = {each.order_id: each.id for each in reversed(starts)}
    return {each.id for each in starts if each.id != first[each.order_id]}


def lines(event: Any, *, staff: bool) -> list[str]:
    """The visit agreed, that it was reported again; for staff besides: the other request, parts missing, the clock."""
    data = event.data or {}
    if event.kind == Remark.WINDOW and data.get("until"):
        begins, ends = (datetime.fromisoformat(data[name]) for name in ("from", "until"))
        return [f"{i18n.format_moment(begins)} – {i18n.format_time(ends)}"]
    if event.kind == TicketAct.NOT_FIXED and data.get("number"):
        return [_("Reported again: %(number)s.", number=data["number"]) if staff else _("Reported again.")]
    if staff and event.kind in _OTHER_REQUEST and data.get("number"):
        return [str(data["number"])]
    if staff and event.kind == OrderAct.HOLD and (parts := order_words.parts(data)):
        return [_("Missing: %(parts)s", parts=parts)]
    if staff and event.kind == Remark.EXCUSE and data.get("clock"):
        return [due_words.clock(data["clock"])]
    return []
