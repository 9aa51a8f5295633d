"""Places for tests, made by the service, so that paths and denormalised ids are right."""

from __future__ import annotations

import itertools
from typing import Any

from app.core import clock
from app.core.actor import Actor
from app.core.db import current_institution
from app.sites import services
from app.sites.models import Place

_numbers = itertools.count(1)


def place(kind: str, parent: Place | None, name: str, code: str | None = None, **more: Any) -> Place:
    """A place of any kind; the code defaults to one never used before."""
    return services.add_place(
        kind,
        parent.id if parent else None,
        code or f"{kind[0].upper()}{next(_numbers):05d}",
        name,
        actor=Actor.system(current_institution()),
        now=clock.now(),
        **more,
    )


def campus(name: str = "南校区", code: str | None = None, **more: Any) -> Place:
    return place("campus", None, name, code, **more)


def zone(under: Place | None = None, name: str = "桃园", code: str | None = None, **more: Any) -> Place:
    return place("zone", under or campus(), name, code, **more)


def building(under: Place | None = None, name: str = "桃园3号楼", code: str | None = None, **more: Any) -> Place:
    return place("building", under or campus(), name, code, **more)


def unit(under: Place | None = None, name: str = "1单元", code: str | None = None, **more: Any) -> Place:
    return place("unit", under or building(), name, code, **more)


def floor(under: Place | None = None, name: str = "4层", code: str | None = None, **more: Any) -> Place:
    return place("floor", under or building(), name, code, **more)


def room(under: Place | None = None, name: str = "412", code: str | None = None, **more: Any) -> Place:
    return place("room", under or floor(), name, code, **more)


def outdoor(under: Place | None = None, name: str = "中心广场", code: str | None = None, **more: Any) -> Place:
    return place("outdoor", under or campus(), name, code, **more)


def asset(under: Place | None = None, name: str = "电梯1号", code: str | None = None, **more: Any) -> Place:
    return place("asset", under or room(), name, code, **more)
