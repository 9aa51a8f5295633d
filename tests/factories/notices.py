"""Notices for tests, written and published by the service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from app.core import clock
from app.core.actor import Actor
from app.core.db import current_institution
from app.portal.models import Notice
from app.portal.rules.notices import Content, Kind, Utility
from app.portal.services import notices as services
from app.sites.models import Place


def content(kind: Kind = Kind.INFORMATION, *, places: Iterable[Place] = (), **more: Any) -> Content:
    """What a notice says; an outage of water lasts from now for two hours."""
    now = clock.now()
    usual: dict[str, Any] = {"title": {"zh-CN": "停水通知", "en": "About water"}, "body": {"en": "A valve is changed."}}
    if kind == Kind.OUTAGE:
        usual |= {"utility": Utility.WATER, "starts_at": now, "ends_at": now + timedelta(hours=2)}
    return Content(kind=kind, places=tuple(place.id for place in places), **{**usual, **more})


def draft(kind: Kind = Kind.INFORMATION, *, at: datetime | None = None, **more: Any) -> Notice:
    """One nobody sees yet."""
    system = Actor.system(current_institution())
    return services.write(actor=system, now=at or clock.now(), content=content(kind, **more))


def notice(kind: Kind = Kind.INFORMATION, *, at: datetime | None = None, **more: Any) -> Notice:
    """One that is published."""
    made = draft(kind, at=at, **more)
    system = Actor.system(current_institution())
    return services.publish(actor=system, now=at or clock.now(), notice_id=made.id, seen=None)
