"""Feedback in words: kinds, states, clocks, and the thread as pages show it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from app.core import i18n
from app.portal.rules import feedback as rules
from app.portal.rules.feedback import Act, Kind, Status

KIND_ICONS = {Kind.COMPLAINT: "alert", Kind.SUGGESTION: "leaf", Kind.PRAISE: "heart", Kind.QUESTION: "question"}
STATUS_KINDS = {Status.OPEN: ("soon", "hourglass"), Status.ANSWERED: ("info", "msg"), Status.CLOSED: (None, "check")}
SOON = timedelta(hours=24)


def kind(code: str) -> str:
    """Complaint, suggestion, praise, question."""
    return str(_(rules.KIND_LABELS[Kind(code)]))


def kinds() -> list[dict[str, Any]]:
    """The four, to choose from."""
    hints = {
        Kind.COMPLAINT: _("something went wrong"),
        Kind.SUGGESTION: _("it could be better"),
        Kind.PRAISE: _("somebody did well"),
        Kind.QUESTION: _("I should like to know"),
    }
    return [
        {"value": each.value, "label": kind(each), "icon": KIND_ICONS[each], "small": str(hints[each])} for each in Kind
    ]


def status(code: str) -> str:
    """Waiting for an answer, answered, closed."""
    return str(_(rules.STATUS_LABELS[Status(code)]))


def status_chip(code: str) -> dict[str, Any]:
    """The same with its colour."""
    tone, icon = STATUS_KINDS[Status(code)]
    return {"text": status(code), "kind": tone, "icon": icon}


def clock_chip(row: Any, now: datetime) -> dict[str, Any]:
    """What presses for the staff: late, due soon, due; else the status."""
    if row.status != Status.OPEN:
        return status_chip(row.status)
    if row.answer_due is not None and row.answer_due < now:
        return {
            "text": _("Answer late since %(when)s", when=i18n.format_moment(row.answer_due)),
            "kind": "late",
            "icon": "clock",
        }
    if row.responded_at is None and row.respond_due is not None and row.respond_due < now:
        return {"text": _("Not taken up"), "kind": "late", "icon": "clock"}
    if row.answer_due is None:
        return status_chip(row.status)
    tone = "soon" if row.answer_due - now < SOON else None
    return {"text": _("Answer by %(when)s", when=i18n.format_moment(row.answer_due)), "kind": tone, "icon": "hourglass"}


def promise(row: Any) -> str:
    """What its author may expect."""
    if row.status == Status.OPEN and row.answer_due is not None:
        return str(_("You have an answer by %(when)s.", when=_until(row.answer_due)))
    if row.status == Status.ANSWERED:
        return str(_("Does that settle it? Without a word from you it is closed after 14 days."))
    return ""


def _until(moment: datetime) -> str:
    weekday, day, time = i18n.format_weekday(moment), i18n.format_day(moment), i18n.format_time(moment)
    return str(_("%(weekday)s %(day)s, %(hours)s", weekday=weekday, day=day, hours=time))


def became(row: Any) -> str:
    """How it was closed."""
    said = {
        "ticket": _("It has become a repair request."),
        "notice": _("It has become a notice for everybody."),
        "lapsed": _("Closed 14 days after the answer."),
    }
    return str(said.get(row.closed_as, ""))


def lines(events: Iterable[Any], *, reader: int | None, author: str) -> list[dict[str, Any]]:
    """The thread for the macro `talk.thread`. `reader`: whose messages stand at the right (None: the author's)."""
    found: list[dict[str, Any]] = []
    for event in events:
        at = {"at": i18n.format_time(event.at), "iso": i18n.iso(event.at), "day": i18n.format_day(event.at)}
        if event.text and event.kind not in (Act.ASSIGN, Act.NAME, Act.ESCALATE):
            found.append(_message(event, reader, author) | at)
        said = _happened(event)
        if said:
            found.append({"kind": "event", "text": said, "who": "", **at})
    return found


def _message(event: Any, reader: int | None, author: str) -> dict[str, Any]:
    by_author = event.kind in (Act.FILE, Act.REPLY)
    mine = by_author if reader is None else event.actor_id == reader
    who = author if by_author else (event.actor_name or _("The desk"))
    return {
        "text": event.text,
        "who": _("You") if mine else who,
        "mine": mine,
        "kind": "inner" if event.audience == "staff" else None,
    }


def _happened(event: Any) -> str:
    """What stands between the messages."""
    who, whom = event.actor_name or _("The system"), event.person_name
    data = event.data or {}
    if event.kind == Act.ASSIGN:
        if event.person_id is not None and event.person_id == event.actor_id:
            found = _("%(who)s took it", who=who)
        elif whom:
            found = _("%(who)s gave it to %(whom)s", who=who, whom=whom)
        else:
            found = _("%(who)s gave it to nobody", who=who)
    elif event.kind == Act.NAME:
        found = _("%(who)s changed whom it is about", who=who)
    elif event.kind == Act.ESCALATE:
        found = (
            _("Nobody took it up within a working day: those who answer were told")
            if data.get("step") == "respond"
            else _("Not answered within three working days: those above were told")
        )
    elif event.kind == Act.POSTPONE:
        until = datetime.fromisoformat(data["until"])
        found = _("The working hours have changed: there is an answer by %(when)s", when=_until(until))
    elif event.kind == Act.REPLY and event.from_state:
        found = _("Open again")
    elif event.kind == Act.CONVERT:
        found = (
            _("It has become the repair request %(number)s", number=data.get("number"))
            if data.get("became") == "ticket"
            else _("It has become a notice for everybody.")
        )
    elif event.kind == Act.LAPSE:
        found = _("Closed 14 days after the answer.")
    else:
        return ""
    return str(found)
