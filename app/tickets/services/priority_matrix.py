"""The institution's priority matrix changed as a whole; its cells are settings, kept once (tickets-rules 26)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.accounts.models import Person
from app.audit import labels
from app.audit import services as audit
from app.core import settings
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Rejected, Stale
from app.core.i18n import gettext
from app.core.refusals import permit
from app.core.settings import SettingValue
from app.tickets import policies
from app.tickets.rules.priority import ROWS, URGENCIES, URGENCY_LABELS, Matrix, falling
from app.tickets.rules.reasons import REASON_LIMIT
from app.tickets.services.priorities import matrix, setting

NAMES = tuple(setting(impact, urgency) for impact in ROWS for urgency in URGENCIES)

labels.declare(
    verbs={"priority.matrix": _l("Changed the priority matrix")},
    objects={"priority": _l("Priority matrix")},
    values=dict.fromkeys(NAMES, lambda code: gettext(URGENCY_LABELS[code]) if code in URGENCY_LABELS else code),
)


class Changed(NamedTuple):
    """The last change of a cell; `version` 0: nobody has changed anything yet."""

    version: int
    at: datetime | None
    by: str | None


def last_change() -> Changed:
    """When the matrix was changed last, and by whom."""
    row = db.session.execute(
        select(SettingValue.id, SettingValue.at, Person.name)
        .outerjoin(
            Person, (Person.institution_id == SettingValue.institution_id) & (Person.id == SettingValue.actor_id)
        )
        .where(SettingValue.name.in_(NAMES))
        .order_by(SettingValue.id.desc())
        .limit(1)
    ).first()
    return Changed(0, None, None) if row is None else Changed(row.id, row.at, row.name)


def set_matrix(*, actor: Actor, now: datetime, given: Matrix, reason: str, seen: int | None) -> int:
    """Set the whole matrix for requests reported or corrected from now on; returns how many cells changed.

    `seen` is the version the author looked at (`last_change`). Raises NotAllowed, Stale, Rejected (fields `reason`,
    and `<impact>_<urgency>` of a cell).
    """
    permit(actor, policies.may_edit_policies)
    settings.lock("priority")
    newest = db.session.scalar(select(func.max(SettingValue.id)).where(SettingValue.name.in_(NAMES))) or 0
    if seen is not None and seen != newest:
        current = {"state": "changed", "assignee": None, "version": newest}
        raise Stale(_l("Somebody else has changed the matrix in the meantime. Look at it again."), current=current)
    _refuse(given, reason)
    settings.forget()
    held = matrix()
    changed = {
        setting(impact, urgency): (held[impact][column], given[impact][column])
        for impact in ROWS
        for column, urgency in enumerate(URGENCIES)
        if held[impact][column] != given[impact][column]
    }
    for name, (_before, after) in changed.items():
        settings.put(name, after, actor_id=actor.id, now=now)
    db.session.flush()
    if changed:
        audit.record(
            actor,
            "priority.matrix",
            "priority",
            None,
            now=now,
            before={name: before for name, (before, _after) in changed.items()},
            after={**{name: after for name, (_before, after) in changed.items()}, "reason": reason.strip()},
        )
    return len(changed)


def _refuse(given: Matrix, reason: str) -> None:
    wrong: dict[str, Any] = {}
    if not reason.strip() or len(reason) > REASON_LIMIT:
        wrong["reason"] = [_l("Say why, in at most %(limit)s characters.", limit=REASON_LIMIT)]
    known = {
        f"{impact}_{urgency}": given.get(impact, ())[column : column + 1]
        for impact in ROWS
        for column, urgency in enumerate(URGENCIES)
    }
    odd = [name for name, cell in known.items() if not cell or cell[0] not in URGENCIES]
    wrong |= {name: [_l("Choose one of the offered values.")] for name in odd}
    if not odd:
        said = _l("What is more urgent, or reaches further, must not give a lower priority.")
        wrong |= {f"{impact}_{urgency}": [said] for impact, urgency in falling(given)}
    if wrong:
        raise Rejected(fields=wrong)
