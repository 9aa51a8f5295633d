"""Many org units at once, for imports: made level by level, renamed, closed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.models import OrgUnit
from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Rejected
from app.core.held import locking
from app.sites import queries as places


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit to make: below one of the register (`parent_id`), below one made with it (`parent_code`), or topmost."""

    kind: str
    code: str
    name: str
    parent_id: int | None = None
    parent_code: str | None = None


def insert_units(rows: Sequence[NewUnit], *, actor: Actor, now: datetime) -> list[int]:
    """Make them, level by level, whatever their order; returns their ids in the order of `rows`. One audit entry.

    Raises Rejected for a unit above that is closed or in neither; a code that stands already is refused by the table.
    """
    _stand({row.parent_id for row in rows if row.parent_id is not None})
    made: dict[str, OrgUnit] = {}
    waiting, today = list(rows), places.today(now)
    while waiting:
        ready = [row for row in waiting if row.parent_code is None or row.parent_code in made]
        if not ready:
            raise Rejected(_l("The unit above “%(code)s” is not known.", code=waiting[0].code))
        units = [
            OrgUnit(
                kind=row.kind,
                code=row.code,
                name=row.name,
                parent_id=row.parent_id if row.parent_code is None else made[row.parent_code].id,
                valid_from=today,
            )
            for row in ready
        ]
        db.session.add_all(units)
        db.session.flush()
        made.update((unit.code, unit) for unit in units)
        waiting = [row for row in waiting if row.code not in made]
    audit.record(actor, "org.insert", "org_unit", None, now=now, after={"count": len(rows)})
    return [made[row.code].id for row in rows]


def _stand(unit_ids: Collection[int]) -> None:
    """Units that others will stand below are in force, and stay so until the end of the transaction."""
    query = select(OrgUnit).where(OrgUnit.id.in_(sorted(unit_ids))).order_by(OrgUnit.id)
    if any(unit.valid_to is not None for unit in db.session.scalars(locking(query, share=True))):
        raise Rejected(_l("The unit above is closed."))


def rename_units(names: Mapping[int, str], *, actor: Actor, now: datetime) -> None:
    """New names, by id. One audit entry counts."""
    for unit in _locked(names):
        unit.name = names[unit.id]
    db.session.flush()
    audit.record(actor, "org.rename", "org_unit", None, now=now, after={"count": len(names)})


def close_units(unit_ids: Collection[int], *, actor: Actor, now: datetime) -> None:
    """They end today, all of them; whether anything depends on one is the caller's to see. One audit entry."""
    for unit in _locked(unit_ids):
        unit.valid_to = places.today(now)
    db.session.flush()
    audit.record(actor, "org.close", "org_unit", None, now=now, after={"count": len(unit_ids)})


def _locked(unit_ids: Collection[int]) -> Sequence[OrgUnit]:
    query = select(OrgUnit).where(OrgUnit.id.in_(sorted(unit_ids))).order_by(OrgUnit.id)
    return db.session.scalars(locking(query)).all()
