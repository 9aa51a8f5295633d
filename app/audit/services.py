"""Writing the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core import logs
from app.core.actor import Actor
from app.core.db import current_institution, db


def record(
    actor: Actor,
    verb: str,
    object_kind: str,
    object_id: int | None,
    *,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    success: bool = True,
    address: str | None = None,
    session: Session | None = None,
) -> None:
    """Add one entry to the caller's transaction (or to `session`, for what is written apart).

    `verb` is a slug such as `role.grant`, `ticket.export`, `sign-in`.
    """
    (session or db.session).execute(
        insert(AuditEntry).values(
            institution_id=current_institution(),
            at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name or actor.username,
            verb=verb,
            object_kind=object_kind,
            object_id=object_id,
            before=_plain(before),
            after=_plain(after),
            success=success,
            request_id=logs.request_id.get(),
            address=address,
        )
    )


def _plain(members: Mapping[str, Any] | None) -> Any:
    """Days, instants and lazy texts as text: what is written must not depend on the connection's own JSON encoder."""
    return None if members is None else orjson.loads(orjson.dumps(dict(members), default=str))


def record_change(
    actor: Actor,
    verb: str,
    object_kind: str,
    object_id: int | None,
    *,
    now: datetime,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> bool:
    """Record the members that differ; nothing where none does. Returns whether anything differed."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if not names:
        return False
    record(
        actor,
        verb,
        object_kind,
        object_id,
        now=now,
        before={name: before.get(name) for name in names},
        after={name: after.get(name) for name in names},
    )
    return True
