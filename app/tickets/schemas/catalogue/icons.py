"""The icons a category may have."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

ICONS: dict[str, Any] = {
    "wrench": _l("Wrench"),
    "drop": _l("Water drop"),
    "tap": _l("Tap"),
    "toilet": _l("Toilet"),
    "shower": _l("Shower"),
    "bolt": _l("Flash"),
    "lamp": _l("Lamp"),
    "plug": _l("Plug"),
    "door": _l("Door"),
    "lock": _l("Lock"),
    "key": _l("Key"),
    "window": _l("Window"),
    "chair": _l("Chair"),
    "bed": _l("Bed"),
    "ac": _l("Air conditioner"),
    "fan": _l("Fan"),
    "heat": _l("Radiator"),
    "wifi": _l("Network"),
    "screen": _l("Screen"),
    "cctv": _l("Camera"),
    "lift": _l("Lift"),
    "stairs": _l("Stairs"),
    "wall": _l("Wall"),
    "paint": _l("Paint"),
    "hammer": _l("Hammer"),
    "gas": _l("Gas"),
    "fire": _l("Fire"),
    "warning": _l("Warning"),
    "bug": _l("Insect"),
    "tree": _l("Tree"),
    "broom": _l("Broom"),
    "trash": _l("Waste"),
    "building": _l("Building"),
    "dots": _l("Three dots"),
}
"""By the name of the icon, its name for whoever cannot see it."""
