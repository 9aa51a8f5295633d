"""QR stickers: a 128-bit secret that lets anyone report a fault at one place, and nothing else.

The secret is stored hashed and shown once, on the sheet that is printed; who loses the sheet prints another.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, insert, select, update

from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict, NotFound
from app.sites import queries, scope_words
from app.sites.models import Place, PlaceSticker
from app.sites.rules import stickers as codes

PER_SHEET = 200
"""Most labels a sheet holds."""
SECRET_BYTES = 16
LABEL = "places.stickers"


@dataclass(frozen=True, slots=True)
class Label:
    """One sticker to print: the only time its secret is known."""

    place: Place
    secret: str

    @property
    def code(self) -> str:
        """What is printed for whoever cannot scan."""
        return codes.code_of(queries.sticker_digest(self.secret))


def issue_stickers(place_ids: Collection[int], *, actor: Actor, now: datetime, replace: bool = False) -> list[Label]:
    """New stickers for places, in the given order; `replace` revokes those in use.

    Raises NotFound, NotAllowed (outside the actor's scope), Conflict (closed place).
    """
    places = queries.by_ids(place_ids)
    on = queries.today(now)
    for place_id in place_ids:
        place = places.get(place_id)
        if place is None:
            raise NotFound
        scope_words.require(actor, place, LABEL)
        if place.over_by(on):
            raise Conflict(_l("A closed place gets no sticker."))
    if replace:
        _revoke(PlaceSticker.place_id.in_(list(places)), now)
    labels = [Label(places[place_id], secrets.token_urlsafe(SECRET_BYTES)) for place_id in place_ids]
    db.session.execute(
        insert(PlaceSticker),
        [
            {
                "place_id": label.place.id,
                "token_hash": queries.sticker_digest(label.secret),
                "issued_at": now,
                "issued_by": actor.id,
            }
            for label in labels
        ],
    )
    audit.record(
        actor,
        "place.sticker_issue",
        "place",
        labels[0].place.id if len(labels) == 1 else None,
        now=now,
        after={"place_ids": [label.place.id for label in labels], "replaced": replace},
    )
    return labels


def revoke_sticker(sticker_id: int, *, actor: Actor, now: datetime) -> PlaceSticker:
    """Make a sticker worthless; scanning it then says so. Raises NotFound, NotAllowed."""
    sticker = db.session.scalars(select(PlaceSticker).where(PlaceSticker.id == sticker_id)).first()
    if sticker is None:
        raise NotFound
    scope_words.require(actor, queries.by_id(sticker.place_id), LABEL)
    if sticker.revoked_at is None:
        sticker.revoked_at = now
        db.session.flush()
        audit.record(
            actor, "place.sticker_revoke", "place", sticker.place_id, now=now, after={"sticker_id": sticker.id}
        )
    return sticker


def _revoke(which: ColumnElement[bool], now: datetime) -> None:
    db.session.execute(
        update(PlaceSticker)
        .where(which, PlaceSticker.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session="fetch")
    )
