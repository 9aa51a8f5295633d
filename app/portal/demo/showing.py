"""What the crew of the demo shows at the end of its work, where a category demands it."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

from app.core.actor import Actor
from app.portal.demo import catalogue
from app.tickets.rules import demands
from app.tickets.services import photos
from app.tickets.services.evidence import NOTHING, Handed


def shown(holder: Actor, now: datetime, order_id: int, code: str) -> Handed:
    """Tick everything off, and take the photos that are demanded."""
    made = catalogue.RULES.get(code, {}).get("demands")
    if made is None:
        return NOTHING
    for moment in ("before", "after"):
        if f"photo_{moment}" in demands.demanded(made):
            photos.add_to_order(
                actor=holder, now=now, order_id=order_id, moment=moment, stream=BytesIO(_picture()), name="photo.png"
            )
    return Handed(ticked=tuple(demands.points(made)))


def _picture() -> bytes:
    """A wall, freshly painted: drawn here, since the demo carries no photos of real places."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - only while the demo is made

    picture = Image.new("RGB", (960, 720), "#e8e4da")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 560, 960, 720), fill="#9a938a")
    draw.rectangle((300, 180, 620, 430), fill="#f4f1ea")
    kept = BytesIO()
    picture.save(kept, "PNG")
    return kept.getvalue()
