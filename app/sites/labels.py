"""Words and icons of places."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit import labels as audit_labels

KINDS: dict[str, Any] = {
    "campus": _l("Campus"),
    "zone": _l("Zone"),
    "building": _l("Building"),
    "unit": _l("Unit of a building"),
    "floor": _l("Floor"),
    "room": _l("Room"),
    "outdoor": _l("Outdoor place"),
    "asset": _l("Asset"),
}
audit_labels.declare(
    verbs={
        "place.add": _l("Added a place"),
        "place.insert": _l("Imported places"),
        "place.change": _l("Changed places by a file"),
        "place.close": _l("Closed a place"),
        "place.successor": _l("Said what stands in for a closed place"),
        "place.alias": _l("Said which place words mean"),
        "place.reopen": _l("Opened a place again"),
        "place.sticker_issue": _l("Issued a QR sticker"),
        "place.sticker_revoke": _l("Revoked a QR sticker"),
        "place.edit": _l("Changed a place"),
        "place.move": _l("Moved a place"),
    },
    objects={"place": _l("Place")},
    fields={"initials": _l("Pinyin initials"), "zone_name": _l("Time zone")},
    codes={"kind": KINDS},
)

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
