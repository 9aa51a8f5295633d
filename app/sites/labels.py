"""Words and icons of places."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit import labels as audit_labels

KINDS: dict[str, Any] = {
    "campus": _l("Campus"),
    "zone": _l("Zone"),
    "building": _l("Building"),
    "unit": _l("Unit"),
    "floor": _l("Floor"),
    "room": _l("Room"),
    "outdoor": _l("Outdoor place"),
    "asset": _l("Asset"),
}
audit_labels.declare(codes={"kind": KINDS})

ICONS = {
    "campus": "campus",
    "zone": "pin-map",
    "building": "building",
    "unit": "stairs",
    "floor": "chevrons",
    "room": "door",
    "outdoor": "outdoor",
    "asset": "gauge",
}
