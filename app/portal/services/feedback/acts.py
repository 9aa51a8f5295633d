"""What its author and the staff do to a matter. Who may is in the condition of the lock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete

from app.audit import services as audit
from app.core import outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict, NotAllowed, NotFound, Rejected
from app.core.seen import Seen, check
from app.events.feedback import FeedbackAnswered, FeedbackAssigned, FeedbackClosed, FeedbackReplied
from app.portal.models import Feedback, FeedbackAbout, FeedbackEvent
from app.portal.queries import feedback as queries
from app.portal.queries import feedback_viewer as viewer
from app.portal.rules import feedback as rules
from app.portal.rules.feedback import Act, Status
from app.portal.rules.notices import Content, Kind
from app.portal.services import notices
from app.portal.services.feedback import clocks
from app.portal.services.feedback.filing import digest
from app.portal.services.feedback.held import held, move, possible
from app.tickets import policies as ticket_policies
from app.tickets.services import filing as tickets
from app.tickets.services import leaving


def reply(*, actor: Actor, now: datetime, feedback_id: int, text: str) -> FeedbackEvent:
    """Its author writes again; what was answered or closed is open again. Raises NotFound, Conflict."""
    return _reply(held(feedback_id, viewer.own(actor)), actor, now, text)


def reply_by_secret(*, now: datetime, secret: str, text: str) -> FeedbackEvent:
    """The same for whoever holds the receipt."""
    found = queries.by_secret(digest(secret))
    if found is None:
        raise NotFound
    return _reply(held(found.id, Feedback.secret_hash == digest(secret)), None, now, text)


def _reply(matter: Feedback, actor: Actor | None, now: datetime, text: str) -> FeedbackEvent:
    before = Status(matter.status)
    try:
        rules.check_reply(before, matter.closed_at, now)
    except rules.NotPossible as error:
        raise Conflict(_l(error.message), code="closed-for-good", state=matter.status) from error
    work = clocks.office(matter.campus_id, now)
    made = move(matter, Act.REPLY, actor=actor, now=now, text=text)
    reopened = before != Status.OPEN
    if reopened:
        matter.closed_at = matter.closed_as = None
        matter.cycle += 1
        clocks.begin(matter, work, now)
        db.session.flush()
        clocks.set_timers(matter, work, now)
    db.session.flush()
    outbox.publish(FeedbackReplied(matter.id, made.id, reopened))
    return made


def answer(*, actor: Actor, now: datetime, feedback_id: int, text: str) -> FeedbackEvent:
    """The staff writes to its author. Raises NotFound, Conflict."""
    matter = held(feedback_id, viewer.handled(actor))
    opened = matter.status == Status.OPEN
    made = move(matter, Act.ANSWER, actor=actor, now=now, text=text)
    db.session.flush()
    if matter.handler_id is None:
        matter.handler_id = actor.id
    if opened:
        clocks.stop(matter, clocks.office(matter.campus_id, now), now)
    clocks.set_lapse(matter, made, now)
    outbox.publish(FeedbackAnswered(matter.id, made.id))
    return made


def note(*, actor: Actor, now: datetime, feedback_id: int, text: str) -> FeedbackEvent:
    """A remark its author never reads. Raises NotFound."""
    matter = held(feedback_id, viewer.handled(actor))
    made = move(matter, Act.NOTE, actor=actor, now=now, text=text, audience="staff")
    db.session.flush()
    return made


def assign(*, actor: Actor, now: datetime, feedback_id: int, handler_id: int | None, seen: int | None) -> Feedback:
    """Give it to somebody who may handle it (None: to nobody). Raises NotFound, Stale, Conflict, Rejected."""
    matter = held(feedback_id, viewer.handled(actor), seen=seen)
    if handler_id == matter.handler_id:
        return matter
    if handler_id is not None and handler_id not in {row.id for row in viewer.handlers(matter.id, now)}:
        raise Rejected(fields={"handler": _l("This person cannot be given it. Choose somebody of the list.")})
    before, matter.handler_id = matter.handler_id, handler_id
    made = move(matter, Act.ASSIGN, actor=actor, now=now, person_id=handler_id, audience="staff")
    matter.version += 1
    clocks.responded(matter, now)
    db.session.flush()
    audit.record_change(
        actor,
        "feedback.assign",
        "feedback",
        matter.id,
        now=now,
        before={"handler": before},
        after={"handler": handler_id},
    )
    if handler_id is not None and handler_id != actor.id:
        outbox.publish(FeedbackAssigned(matter.id, made.id, handler_id))
    return matter


def set_about(
    *, actor: Actor, now: datetime, feedback_id: int, person_ids: Collection[int], seen: Seen | None = None
) -> Feedback:
    """Say whom it is about; none of them sees it from now on, and whoever of them had it loses it.

    Raises NotFound, Overtaken, Rejected (field `about`).
    """
    matter = held(feedback_id, viewer.handled(actor))
    check(matter, seen)
    wanted, present = set(person_ids), {row.person_id for row in queries.about(matter.id)}
    if matter.author_id in wanted:
        raise Rejected(fields={"about": _l("This is who wrote it.")})
    if wanted == present:
        return matter
    if gone := present - wanted:
        db.session.execute(
            delete(FeedbackAbout).where(FeedbackAbout.feedback_id == matter.id, FeedbackAbout.person_id.in_(gone))
        )
    db.session.add_all(
        FeedbackAbout(feedback_id=matter.id, person_id=person_id, how="staff") for person_id in sorted(wanted - present)
    )
    move(matter, Act.NAME, actor=actor, now=now, audience="staff")
    if matter.handler_id in wanted:
        matter.handler_id = None
        matter.version += 1
    db.session.flush()
    audit.record(
        actor,
        "feedback.about",
        "feedback",
        matter.id,
        now=now,
        before={"about": sorted(present)},
        after={"about": sorted(wanted)},
    )
    return matter


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """The request a matter becomes, as the staff puts it."""

    category: str | int
    description: str
    place_id: int | None = None
    place_text: str | None = None
    urgency: str = "normal"


def convert_to_ticket(
    *, actor: Actor, now: datetime, feedback_id: int, repair: Repair, text: str = "", seen: int | None = None
) -> tuple[Feedback, tickets.Filed]:
    """It becomes a request of its author and is closed. Raises NotFound, Stale, Conflict, Rejected, NotAllowed.

    Where nobody is known to have written it, nobody is the reporter (tickets-rules N6): whoever converts it is not. An
    author who has left stays the reporter, with the dorm office as contact (N5). What the category asks of reporters is
    not asked of the staff.
    """
    matter = held(feedback_id, viewer.handled(actor), seen=seen)
    possible(matter, Act.CONVERT)  # before anything else is made
    if not ticket_policies.may_file(actor):
        raise NotAllowed
    filed = tickets.file_ticket(
        actor=actor if matter.author_id is not None else Actor.system(actor.institution_id),
        now=now,
        category=repair.category,
        description=repair.description,
        place_id=repair.place_id,
        place_text=repair.place_text,
        urgency=repair.urgency,
        reporter_id=matter.author_id,
        asks=False,
        reporter_may_have_left=True,
    )
    leaving.pass_to_office(actor=Actor.system(actor.institution_id), now=now, ticket_id=filed.id)
    _become(matter, actor, now, how="ticket", became_id=filed.id, number=filed.number, text=text)
    return matter, filed


def convert_to_notice(
    *, actor: Actor, now: datetime, feedback_id: int, title: Mapping[str, str], text: str = "", seen: int | None = None
) -> tuple[Feedback, int]:
    """It becomes the draft of a notice and is closed; returns the notice's id. Raises as `convert_to_ticket`."""
    matter = held(feedback_id, viewer.handled(actor), seen=seen)
    possible(matter, Act.CONVERT)  # before anything else is made
    places = () if matter.building_id is None else (matter.building_id,)
    content = Content(kind=Kind.INFORMATION, title=title, body={}, places=places)
    made = notices.write(actor=actor, now=now, content=content)
    _become(matter, actor, now, how="notice", became_id=made.id, number=None, text=text)
    return matter, made.id


def _become(
    matter: Feedback, actor: Actor, now: datetime, *, how: str, became_id: int, number: str | None, text: str
) -> None:
    data: dict[str, Any] = {"became": how, "id": became_id}
    if number:
        data["number"] = number
    made = move(matter, Act.CONVERT, actor=actor, now=now, text=text or None, data=data)
    matter.closed_at, matter.closed_as, matter.became_id = now, how, became_id
    if matter.handler_id is None:
        matter.handler_id = actor.id
    db.session.flush()
    if matter.answered_at is None:
        clocks.stop(matter, clocks.office(matter.campus_id, now), now)
    audit.record(actor, "feedback.convert", "feedback", matter.id, now=now, after=data)
    outbox.publish(FeedbackClosed(matter.id, made.id, how))
