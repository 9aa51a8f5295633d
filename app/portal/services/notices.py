"""Writing notices: drafted, published, changed, ended. Whatever people were told is kept as a version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.audit import labels
from app.audit import services as audit
from app.core import i18n, outbox
from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.errors import Conflict, Rejected
from app.core.held import held as row_held
from app.core.held import locking
from app.core.seen import Seen, check
from app.events.notices import NoticeOver, NoticePublished
from app.portal import policies
from app.portal.models import Notice, NoticePlace, NoticeRead, NoticeVersion
from app.portal.queries import notices as queries
from app.portal.rules import notices as rules
from app.portal.rules.notices import Act, Content, Kind, Status, Utility
from app.sites import queries as sites

labels.declare(
    verbs={
        "notice.write": _l("Wrote a notice"),
        "notice.change": _l("Changed a notice"),
        "notice.publish": _l("Published a notice"),
        "notice.end": _l("Ended a notice"),
        "notice.discard": _l("Discarded a draft of a notice"),
    },
    objects={"notice": _l("Notice")},
    names={"notice": labels.named_by(Notice.id, Notice.title)},
    codes={
        "kind": {kind.value: _l(label) for kind, label in rules.KIND_LABELS.items()},
        "utility": {utility.value: _l(label) for utility, label in rules.UTILITY_LABELS.items()},
    },
)

TOLD = (Kind.OUTAGE, Kind.URGENT)
"""The kinds of which people are told in their inbox too; information waits on the home page."""


def write(*, actor: Actor, now: datetime, content: Content) -> Notice:
    """A new draft. Raises Rejected (fields of `Content`, titles as `title_zh`)."""
    content = _judged(content, actor, now)
    made = Notice(created_at=now, created_by=actor.id, **_columns(content))
    db.session.add(made)
    db.session.flush()
    _put_places(made, content)
    audit.record(actor, "notice.write", "notice", made.id, now=now, after=_plain(content))
    return made


def change(
    *, actor: Actor, now: datetime, notice_id: int, content: Content, seen: Seen | int | None, again: bool = False
) -> Notice:
    """Change a draft, or what people are told by a published notice; `again`: those who read it read it anew.

    Raises NotFound, Conflict (it is ended), Stale, Rejected.
    """
    notice = _held(actor, notice_id, Act.CHANGE, seen)
    content = _judged(content, actor, now)
    published = notice.status == Status.PUBLISHED
    if published:
        _refuse(rules.publishing_faults(content, now))
    before = _plain(content_of(notice))
    again = again or (notice.shown_from is not None and notice.shown_from > now)  # nobody has been told of it yet
    for name, value in _columns(content).items():
        setattr(notice, name, value)
    _put_places(notice, content)
    _step(notice)
    if again and published:
        notice.told_version = notice.version
    db.session.flush()
    audit.record_change(actor, "notice.change", "notice", notice.id, now=now, before=before, after=_plain(content))
    if published:
        _keep_version(notice, content, Act.CHANGE, actor, now)
        _set_timers(notice, now, tell=again)
    return notice


def publish(*, actor: Actor, now: datetime, notice_id: int, seen: int | None) -> Notice:
    """From now on (or from `shown_from` on) people see it. Raises NotFound, Conflict, Stale, Rejected."""
    notice = _held(actor, notice_id, Act.PUBLISH, seen)
    content = _judged(content_of(notice), actor, now)
    _refuse(rules.publishing_faults(content, now))
    notice.status, notice.published_at, notice.published_by = Status.PUBLISHED.value, now, actor.id
    _step(notice)
    notice.told_version = notice.version
    db.session.flush()
    _keep_version(notice, content, Act.PUBLISH, actor, now)
    audit.record(actor, "notice.publish", "notice", notice.id, now=now, after=_plain(content))
    _set_timers(notice, now, tell=True)
    return notice


def end(*, actor: Actor, now: datetime, notice_id: int, seen: int | None) -> Notice:
    """Nobody is shown it any more; who looks for it finds it among the earlier ones. Raises as `publish`."""
    notice = _held(actor, notice_id, Act.END, seen)
    notice.status, notice.ended_at, notice.ended_by = Status.ENDED.value, now, actor.id
    _step(notice)
    db.session.flush()
    _keep_version(notice, content_of(notice), Act.END, actor, now)
    audit.record(actor, "notice.end", "notice", notice.id, now=now)
    return notice


def discard(*, actor: Actor, now: datetime, notice_id: int, seen: int | None) -> None:
    """Throw a draft away. Raises NotFound, Conflict (it was published), Stale."""
    notice = _held(actor, notice_id, Act.DISCARD, seen)
    audit.record(actor, "notice.discard", "notice", notice.id, now=now, before=_plain(content_of(notice)))
    db.session.execute(delete(NoticePlace).where(NoticePlace.notice_id == notice.id))
    db.session.delete(notice)
    db.session.flush()


def end_if_over(notice_id: int, *, actor: Actor, now: datetime) -> bool:
    """End a notice whose time is over; returns whether it was. A timer that comes early or twice does nothing."""
    notice = db.session.scalars(locking(select(Notice).where(Notice.id == notice_id))).first()
    if notice is None or notice.status != Status.PUBLISHED:
        return False
    if notice.shown_until is None or notice.shown_until > now:
        return False
    end(actor=actor, now=now, notice_id=notice_id, seen=None)
    return True


def note_read(*, person_id: int, notice_id: int, version: int, now: datetime, session: Session | None = None) -> None:
    """Remember that somebody has read a notice as it stands; into `session` where it is written apart (a GET)."""
    statement = insert(NoticeRead).values(
        institution_id=current_institution(), notice_id=notice_id, person_id=person_id, version=version, at=now
    )
    (session or db.session).execute(
        statement.on_conflict_do_update(
            constraint="uq_notice_read",
            set_={"version": statement.excluded.version, "at": statement.excluded.at},
            where=NoticeRead.version < statement.excluded.version,
        )
    )


def _held(actor: Actor, notice_id: int, act: Act, seen: Seen | int | None) -> Notice:
    """The notice, locked, for an act that is possible. Raises NotFound, Stale, Conflict."""
    notice = row_held(Notice, notice_id, queries.writable(actor))
    check(notice, seen, state=notice.status)
    try:
        rules.target(Status(notice.status), act)
    except ValueError as error:
        raise Conflict(
            _l("This is not possible now: it has moved on in the meantime. Look at it again."), state=notice.status
        ) from error
    return notice


def _step(notice: Notice) -> None:
    notice.version += 1


def _judged(content: Content, actor: Actor, now: datetime) -> Content:
    """The content fitted to its kind. Raises Rejected with what is wrong, and where the right to write ends."""
    content = content.fitted()
    _refuse(rules.faults(content) | _place_faults(content, actor, now) | _role_faults(content))
    return content


def _refuse(faults: Mapping[str, str]) -> None:
    if faults:
        raise Rejected(fields={name: _l(said) for name, said in faults.items()})


def _place_faults(content: Content, actor: Actor, now: datetime) -> dict[str, str]:
    if actor.kind == "system":
        return {}
    if not content.places:
        if actor.covers(policies.NOTICES, None):
            return {}
        return {"places": rules.CHOOSE_PLACES}
    found = sites.by_ids(content.places)
    today = sites.today(now)
    for place_id in content.places:
        place = found.get(place_id)
        if place is None or place.over_by(today):
            return {"places": rules.UNKNOWN_PLACE}
        if not actor.covers(policies.NOTICES, place):
            return {"places": rules.FOREIGN_PLACE}
    return {}


def _role_faults(content: Content) -> dict[str, str]:
    if not content.roles or queries.known_roles(content.roles) == set(content.roles):
        return {}
    return {"roles": rules.UNKNOWN_ROLE}


def _columns(content: Content) -> dict[str, Any]:
    """The content as columns of the notice."""
    return {
        "kind": content.kind.value,
        "utility": content.utility.value if content.utility else None,
        "title": dict(content.title),
        "body": dict(content.body) or None,
        "starts_at": content.starts_at,
        "ends_at": content.ends_at,
        "shown_from": content.shown_from,
        "shown_until": content.shown_until,
        "roles": sorted(set(content.roles)),
        "everywhere": not content.places,
    }


def content_of(notice: Notice) -> Content:
    """What a notice says, to whom and when."""
    return Content(
        kind=Kind(notice.kind),
        utility=Utility(notice.utility) if notice.utility else None,
        title=notice.title,
        body=notice.body or {},
        starts_at=notice.starts_at,
        ends_at=notice.ends_at,
        shown_from=notice.shown_from,
        shown_until=notice.shown_until,
        roles=tuple(notice.roles),
        places=tuple(queries.place_ids(notice.id)),
    )


def _plain(content: Content) -> dict[str, Any]:
    """The content as it is written into the log and into versions."""
    return {name: _written(value) for name, value in asdict(content).items()}


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return i18n.iso(value)
    return list(value) if isinstance(value, tuple) else value


def _put_places(notice: Notice, content: Content) -> None:
    wanted, present = set(content.places), set(queries.place_ids(notice.id))
    if gone := present - wanted:
        db.session.execute(
            delete(NoticePlace).where(NoticePlace.notice_id == notice.id, NoticePlace.place_id.in_(gone))
        )
    db.session.add_all(NoticePlace(notice_id=notice.id, place_id=place_id) for place_id in sorted(wanted - present))
    db.session.flush()


def _keep_version(notice: Notice, content: Content, act: Act, actor: Actor, now: datetime) -> None:
    db.session.add(
        NoticeVersion(
            notice_id=notice.id,
            version=notice.version,
            act=act.value,
            at=now,
            actor_id=actor.id,
            content=_plain(content),
        )
    )
    db.session.flush()


def _set_timers(notice: Notice, now: datetime, *, tell: bool) -> None:
    """People are told when it begins to be shown; it ends by itself when its time is over."""
    if tell and notice.kind in TOLD:
        begins = notice.shown_from if notice.shown_from and notice.shown_from > now else None
        outbox.publish(
            NoticePublished(notice.id, notice.version), key=f"notice:{notice.id}:told:{notice.version}", due=begins
        )
    if notice.shown_until is not None:
        outbox.publish(
            NoticeOver(notice.id),
            key=f"notice:{notice.id}:over:{notice.shown_until.isoformat()}",
            due=notice.shown_until + timedelta(seconds=1),
        )
