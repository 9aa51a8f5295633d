"""What only the versions of a category hold, between its form and the services: reach, price, reply, demands."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core import words
from app.tickets.dispatch import schemas
from app.tickets.models import CategoryVersion
from app.tickets.order_words import said
from app.tickets.queries import sla_policies
from app.tickets.rules import demands as rules

_SPOT_LABELS: dict[str, Any] = {
    "room": _l("In a room"),
    "floor": _l("On a floor"),
    "building": _l("At a building"),
    "outside": _l("Outdoors"),
}


def given(data: dict[str, Any]) -> dict[str, Any]:
    """What a sent form says, as the services take it."""
    zh, en = (schemas.points(data[f"checklist_{tag}"]) for tag in ("zh", "en"))
    checklist = [{"zh-CN": one, "en": other} for one, other in zip(zh, en, strict=True)]
    return {
        "impacts": {spot: data[f"impact_{spot}"] for spot in rules.SPOTS if data[f"impact_{spot}"]},
        "sla_policy": data["sla_policy"],
        "price_class": data["price_class"],
        "reply": words.from_fields(data, "reply") or None,
        "demands": rules.demands_of(data["demands"], checklist),
    }


def values(version: CategoryVersion | None) -> dict[str, Any]:
    """What the form shows of the version in force."""
    if version is None:
        return {}
    points = rules.checklist(version.demands)
    return {
        **{f"impact_{spot}": version.impacts.get(spot) for spot in rules.SPOTS},
        "sla_policy": version.sla_policy,
        "price_class": version.price_class,
        **words.to_fields(version.reply, "reply"),
        "demands": list(rules.demanded(version.demands)),
        "checklist_zh": "\n".join(point.get("zh-CN", "") for point in points),
        "checklist_en": "\n".join(point.get("en", "") for point in points),
    }


def spots() -> list[tuple[str, str]]:
    return [(spot, str(_SPOT_LABELS[spot])) for spot in rules.SPOTS]


def prices() -> list[dict[str, str]]:
    return [{"value": code, "label": str(_(label))} for code, label in rules.PRICES.items()]


def levels() -> list[dict[str, str]]:
    """The service levels a category may name; the usual one is named by naming none."""
    return [{"value": row.code, "label": said(row.name)} for row in sla_policies.policies() if not row.usual]


def demand(code: str) -> str:
    return str(_(rules.DEMAND_LABELS[code])) if code in rules.DEMAND_LABELS else code


def demands() -> list[dict[str, str]]:
    return [{"value": code, "label": demand(code)} for code in rules.DEMAND_LABELS]
