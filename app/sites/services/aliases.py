"""What people call a place that is not in the register under that name: said once by staff, known from then on."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy.dialects.postgresql import insert

from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.errors import Rejected
from app.sites import queries
from app.sites.models import Place, PlaceAlias
from app.sites.rules import aliases


def name_place(*, actor: Actor, now: datetime, text: str, place_id: int) -> Place:
    """From now on `text` means a place. Again replaces what it meant. Raises Rejected (`place_id`, `text`).

    Who may say so is judged by the area whose reports carry the text.
    """
    place = queries.by_id(place_id)
    if place is None or place.over_by(queries.today(now)):
        raise Rejected(fields={"place_id": _l("This place does not exist. Choose it again.")})
    key = aliases.key(text)
    if not key:
        raise Rejected(fields={"text": _l("These words name no place.")})
    statement = insert(PlaceAlias).values(
        institution_id=current_institution(), key=key, text=text, place_id=place.id, said_at=now, said_by=actor.id
    )
    renewed = {name: statement.excluded[name] for name in ("text", "place_id", "said_at", "said_by")}
    db.session.execute(statement.on_conflict_do_update(constraint="uq_place_alias", set_=renewed))
    audit.record(actor, "place.alias", "place", place.id, now=now, after={"text": text})
    return place
