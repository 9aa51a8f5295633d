"""Photos for tests, made in code: with position and comment, turned by EXIF, torn, monstrous."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import datetime
from typing import Any

from PIL import Image
from sqlalchemy import select

from app.attachments import services
from app.attachments.models import Attachment
from app.core import clock, deliveries
from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.outbox import OutboxDelivery, OutboxEvent

GPS_IFD = 0x8825
ORIENTATION = 0x0112
COMMENT = b"Room 412, Zhang San, 13800000000"
MAKER = "Secret Phone"


def jpeg(
    width: int = 64,
    height: int = 48,
    *,
    orientation: int | None = None,
    secrets: bool = False,
    colour: tuple[int, int, int] = (200, 30, 30),
) -> bytes:
    """A JPEG, red with a blue top left quarter; `secrets` adds GPS, camera and a JPEG comment."""
    image = Image.new("RGB", (width, height), colour)
    image.paste((20, 20, 220), (0, 0, width // 2, height // 2))
    exif = Image.Exif()
    if orientation is not None:
        exif[ORIENTATION] = orientation
    options: dict[str, Any] = {}
    if secrets:
        exif[0x010F] = MAKER
        gps = exif.get_ifd(GPS_IFD)
        gps.update({1: "N", 2: (31.0, 14.0, 5.0), 3: "E", 4: (121.0, 28.0, 9.0)})
        options["comment"] = COMMENT
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90, exif=exif, **options)
    return out.getvalue()


def png(width: int = 40, height: int = 30, mode: str = "RGBA") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height), 0).save(out, "PNG")
    return out.getvalue()


def webp(width: int = 40, height: int = 30, *, lossless: bool = False) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (9, 90, 9)).save(out, "WEBP", lossless=lossless)
    return out.getvalue()


def bomb(width: int = 12_000, height: int = 12_000) -> bytes:
    """A PNG of a few kilobytes that decodes to as many pixels as asked for."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compress(bytes(width // 8 + 1) * height, 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def photo(
    owner_kind: str = "ticket",
    owner_id: int = 1,
    moment: str = "report",
    *,
    content: bytes | None = None,
    actor: Actor | None = None,
    now: datetime | None = None,
    ready: bool = True,
) -> Attachment:
    """A received photo, by default re-encoded already."""
    attachment, _fresh = services.receive(
        io.BytesIO(content or jpeg()),
        owner_kind,
        owner_id,
        moment,
        actor=actor or Actor.system(current_institution()),
        now=now or clock.now(),
        name="photo.jpg",
    )
    if ready:
        prepare(attachment)
    return attachment


def prepare(attachment: Attachment) -> None:
    """Run the job of a received photo."""
    delivery_id = db.session.scalars(
        select(OutboxDelivery.id)
        .join(OutboxEvent, OutboxEvent.id == OutboxDelivery.event_id)
        .where(
            OutboxDelivery.handler == "attachments.reencode",
            OutboxEvent.payload["attachment_id"].astext == str(attachment.id),
        )
    ).one()
    deliveries.deliver(current_institution(), delivery_id)
    db.session.refresh(attachment)
