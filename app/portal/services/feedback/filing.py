"""Taking down what somebody says, with or without his name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.core import outbox
from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.errors import NotAllowed, Rejected
from app.core.i18n import DEFAULT_ZONE
from app.events.feedback import FeedbackFiled
from app.portal import policies
from app.portal.models import Feedback, FeedbackAbout, FeedbackEvent
from app.portal.queries import feedback as queries
from app.portal.queries import feedback_viewer as viewer
from app.portal.rules.feedback import Act, Kind, Status
from app.portal.services.feedback import clocks
from app.portal.services.feedback.held import AUTHOR
from app.sites import queries as sites
from app.sites.models import Place
from app.tickets.models import NumberCounter, Ticket
from app.tickets.queries import viewer as tickets_viewer
from app.tickets.rules.grams import folded
from app.tickets.rules.numbers import NumberKind, format_number, numbering_year

EXCERPT = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody says. `about`: people he ticks; `about_text`: whom he names in words."""

    kind: Kind
    text: str
    lang: str
    place_id: int | None = None
    ticket_id: int | None = None
    about: tuple[int, ...] = ()
    about_text: str | None = None


def digest(secret: str) -> bytes:
    """How the secret of a receipt is stored: its SHA-256; slow hashing adds nothing to 128 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def file(*, actor: Actor, now: datetime, said: Said, secret: str | None = None) -> Feedback:
    """Take it down; with a `secret` without the actor's name, for whoever holds the secret.

    The same secret again gives what was taken down with it. Raises NotAllowed, Rejected (fields `place_id`,
    `ticket_id`, `about`).
    """
    if secret is None and (actor.id is None or not policies.speak(actor)):
        raise NotAllowed
    if secret is not None:
        known = db.session.scalars(select(Feedback).where(Feedback.secret_hash == digest(secret))).first()
        if known is not None:
            return known
    author = actor.id if secret is None else None
    ticket = _ticket(actor, said) if author is not None else None
    place = _place(said, ticket, now)
    work = clocks.office(place.campus_id if place else None, now)
    matter = Feedback(
        number=_number(place, now),
        kind=said.kind.value,
        lang=said.lang,
        excerpt=" ".join(said.text.split())[:EXCERPT],
        author_id=author,
        secret_hash=None if secret is None else digest(secret),
        about_text=said.about_text,
        place_id=place.id if place else None,
        campus_id=place.campus_id if place else None,
        building_id=place.building_id if place else None,
        ticket_id=ticket.id if ticket else None,
        filed_at=now,
        opened_at=now,
        search="",
    )
    matter.search = folded(matter.number, said.text, place.path if place else None)
    clocks.begin(matter, work, now)
    matter.first_due = matter.answer_due
    db.session.add(matter)
    db.session.flush()
    db.session.add(
        FeedbackEvent(
            feedback_id=matter.id,
            at=now,
            cycle=1,
            kind=Act.FILE.value,
            to_state=Status.OPEN.value,
            actor_kind=AUTHOR if author is None else actor.kind,
            actor_id=author,
            text=said.text,
            audience="everyone",
        )
    )
    _name(matter, said, actor, now)
    db.session.flush()
    clocks.set_timers(matter, work, now)
    outbox.publish(FeedbackFiled(matter.id, author))
    return matter


def _ticket(actor: Actor, said: Said) -> Ticket | None:
    """The request it is about, where its author may see it."""
    if said.ticket_id is None:
        return None
    found = db.session.scalars(
        select(Ticket).where(Ticket.id == said.ticket_id, tickets_viewer.tickets_seen(actor))
    ).first()
    if found is None:
        raise Rejected(fields={"ticket_id": _l("There is no such request of yours.")})
    return found


def _place(said: Said, ticket: Ticket | None, now: datetime) -> Place | None:
    wanted = said.place_id if said.place_id is not None else (ticket.place_id if ticket else None)
    if wanted is None:
        return None
    found = sites.by_id(wanted)
    closed = found is not None and found.over_by(sites.today(now))
    if found is None or (closed and said.place_id is not None):
        raise Rejected(fields={"place_id": _l("This place does not exist. Choose it again, or describe it in words.")})
    return found


def _number(place: Place | None, now: datetime) -> str:
    """The next number of the year on the calendar of the campus."""
    campus = sites.by_id(place.campus_id) if place and place.campus_id else None
    year = numbering_year(now, (campus.zone_name if campus else None) or DEFAULT_ZONE)
    statement = insert(NumberCounter).values(
        institution_id=current_institution(), kind=NumberKind.FEEDBACK.value, year=year, value=1
    )
    serial = db.session.execute(
        statement.on_conflict_do_update(
            constraint="uq_number_counter", set_={"value": NumberCounter.value + 1}
        ).returning(NumberCounter.value)
    ).scalar_one()
    return format_number(NumberKind.FEEDBACK, year, serial)


def _name(matter: Feedback, said: Said, actor: Actor, now: datetime) -> None:
    """Keep whom it is about: ticked, named in the text, and for a complaint about a request whoever worked on it."""
    how: dict[int, str] = {}
    if said.about:
        offered = {row.id for row in queries.candidates(actor, now)} if actor.id is not None else set()
        if not set(said.about) <= offered:
            raise Rejected(fields={"about": _l("Choose one of the offered values.")})
        how |= dict.fromkeys(said.about, "chosen")
    if said.kind == Kind.COMPLAINT:
        if matter.ticket_id is not None:
            how = dict.fromkeys(queries.workers_of(matter.ticket_id), "ticket") | how
        how = dict.fromkeys(viewer.named_in(f"{said.text}\n{said.about_text or ''}", now), "named") | how
    db.session.add_all(
        FeedbackAbout(feedback_id=matter.id, person_id=person_id, how=why)
        for person_id, why in sorted(how.items())
        if person_id != matter.author_id
    )
