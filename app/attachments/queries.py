"""Reading attachments."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select

from app.attachments.models import Attachment
from app.core.db import db


def by_id(attachment_id: int) -> Attachment | None:
    return db.session.scalars(select(Attachment).where(Attachment.id == attachment_id)).first()


def of(owner_kind: str, owner_id: int) -> list[Attachment]:
    """The attachments of one thing, oldest first, refused ones included (their reason is shown)."""
    return of_many(owner_kind, [owner_id]).get(owner_id, [])


def of_many(owner_kind: str, owner_ids: Collection[int]) -> dict[int, list[Attachment]]:
    """Attachments by owner, oldest first, in one statement; owners without any are absent."""
    found: dict[int, list[Attachment]] = {}
    if not owner_ids:
        return found
    query = (
        select(Attachment)
        .where(Attachment.owner_kind == owner_kind, Attachment.owner_id.in_(set(owner_ids)))
        .order_by(Attachment.id)
    )
    for attachment in db.session.scalars(query):
        found.setdefault(attachment.owner_id, []).append(attachment)
    return found


def count(owner_kind: str, owner_id: int, moment: str | None = None) -> int:
    """How many photos a thing has, refused ones left out; of one moment where asked."""
    query = select(func.count()).where(
        Attachment.owner_kind == owner_kind, Attachment.owner_id == owner_id, Attachment.state != "refused"
    )
    if moment is not None:
        query = query.where(Attachment.moment == moment)
    return db.session.scalar(query) or 0


def counts(owner_kind: str, owner_id: int) -> dict[str, int]:
    """How many photos a thing has of each moment, refused ones left out. One statement."""
    query = (
        select(Attachment.moment, func.count().label("photos"))
        .where(Attachment.owner_kind == owner_kind, Attachment.owner_id == owner_id, Attachment.state != "refused")
        .group_by(Attachment.moment)
    )
    return {row.moment: row.photos for row in db.session.execute(query)}


def same(owner_kind: str, owner_id: int, moment: str, sent_sha256: str) -> Attachment | None:
    """The attachment that was made of the very same bytes, unless it was refused."""
    return db.session.scalars(
        select(Attachment).where(
            Attachment.owner_kind == owner_kind,
            Attachment.owner_id == owner_id,
            Attachment.moment == moment,
            Attachment.sent_sha256 == sent_sha256,
            Attachment.state != "refused",
        )
    ).first()


def known_keys(keys: Collection[str]) -> dict[str, str]:
    """State by key, for those of the keys that have a row."""
    if not keys:
        return {}
    rows = db.session.execute(select(Attachment.key, Attachment.state).where(Attachment.key.in_(set(keys))))
    return {row.key: row.state for row in rows}


def rows_after(last_id: int, before: datetime, limit: int = 500) -> Sequence[Attachment]:
    """The next rows with a blob, in id order, received before an instant; for the sweep."""
    query = (
        select(Attachment)
        .where(Attachment.id > last_id, Attachment.at < before, Attachment.state != "refused")
        .order_by(Attachment.id)
        .limit(limit)
    )
    return db.session.scalars(query).all()
