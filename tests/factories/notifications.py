"""Lines of inboxes."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

from app.core import clock
from app.core.db import db
from app.notifications.models import Notification

_numbers = itertools.count(1)
DATA = {
    "number": "R26-000123",
    "category": {"zh-CN": "水龙头漏水", "en": "Tap is leaking"},
    "place": "桃园 3 号楼 412",
    "who": "王师傅",
    "order": "W26-000077",
    "note": "What room is it?",
    "reason": {"zh-CN": "非本部门职责", "en": "Not ours to repair"},
    "title": {"zh-CN": "桃园停水", "en": "No water in Taoyuan"},
    "body": {"zh-CN": "换阀门。", "en": "A valve is being changed."},
    "starts": "2026-11-18T01:10:00Z",
    "until": "2026-11-18T02:10:00Z",
    "by": "confirm",
    "status": {"zh-CN": "已接单", "en": "In service"},
    "why": "cancel",
    "times": 3,
    "phone": "8120 0000",
    "refusals": 3,
    "count": 2,
    "numbers": "R26-000123, R26-000124",
    "words": "桃园7号楼 999",
    "batch": "I-0007",
    "kind": "places",
    "state": "applied",
    "act": {"zh-CN": "挂起", "en": "Put on hold"},
    "done": 120,
    "refused": 3,
    "step": "respond",
}


def notification(
    person_id: int,
    kind: str = "ticket-closed",
    *,
    link: str | None = "/tickets/1",
    at: datetime | None = None,
    **data: Any,
) -> Notification:
    """One line, new."""
    made = Notification(
        person_id=person_id,
        kind=kind,
        data=DATA | data,
        link=link,
        key=f"test:{next(_numbers)}",
        created_at=at or clock.now(),
    )
    db.session.add(made)
    db.session.flush()
    return made
