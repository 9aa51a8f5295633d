"""Receiving photos and settling them. The file first, then the row (reliability.md 3.1, 5.2.2)."""

from __future__ import annotations

import hashlib
import logging
import uuid
from datetime import datetime, timedelta
from typing import IO, Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import update

from app.attachments import blobs, queries
from app.attachments.models import Attachment
from app.attachments.rules import limits, sniffing
from app.audit import labels
from app.audit import services as audit
from app.core import outbox, settings
from app.core.actor import Actor
from app.core.db import constraint_error, current_institution, db
from app.core.errors import Conflict, Rejected
from app.events.attachments import AttachmentReceived

labels.declare(
    verbs={"attachment.add": _l("Added a file"), "attachment.refuse": _l("Refused a file")},
    objects={"attachment": _l("File")},
)

log = logging.getLogger(__name__)

PER_OWNER = settings.declare(
    "attachments.per_owner", 20, kind=int, low=1, high=200, words=_l("Most photos one ticket or work order may have")
)
NAME_LENGTH = 200

constraint_error("uq_attachment_sent", lambda: Conflict(_l("This photo is being received already.")))


class TooLarge(Rejected):
    """More bytes or pixels than are taken."""

    status = 413
    code = "too-large"


class NotAPhoto(Rejected):
    """Not one of the kinds of photo that are taken, whatever its name says."""

    status = 415
    code = "unsupported-content"


SENTENCES: dict[str, Any] = {
    "heif": _l(
        "This photo is in Apple's HEIC format. Choose “Most compatible” in the camera's settings, or send a JPEG."
    ),
    "gif": _l("This is a GIF. Send the photo as JPEG, PNG or WebP."),
    "text": _l("This is a web page or drawing, not a photo. Send the photo as JPEG, PNG or WebP."),
    "other": _l("This file is not a photo. Send the photo as JPEG, PNG or WebP."),
    "empty": _l("This file is empty. Choose the photo again."),
    "damaged": _l("This photo is damaged or incomplete. Choose it again or take a new one."),
    "too_many_pixels": _l("This photo has more than 25 megapixels. Choose a smaller size in the camera's settings."),
    "too_large": _l("This photo is larger than 25 MB. Send a smaller one."),
    "too_many": _l("There are as many photos here as fit. Remove one before you add another."),
    "lost": _l("This photo was lost before it could be stored. Send it again."),
}


def check(stream: IO[bytes], field: str = "photos") -> tuple[str, int, tuple[int, int]]:
    """Look at an upload without decoding it: (kind, bytes, (width, height)).

    Raises TooLarge and NotAPhoto with a sentence for the uploader, under the form's field.
    """
    size = stream.seek(0, 2)
    stream.seek(0)
    if size > limits.MAX_BYTES:
        raise TooLarge(fields={field: SENTENCES["too_large"]})
    kind = sniffing.kind(stream.read(64)) if size else "empty"
    if kind not in sniffing.PHOTOS:
        raise NotAPhoto(fields={field: SENTENCES[kind]})
    try:
        width, height = sniffing.dimensions(kind, stream)
    except sniffing.Unreadable as error:
        raise NotAPhoto(fields={field: SENTENCES["damaged"]}) from error
    if limits.too_many_pixels(width, height):
        raise TooLarge(fields={field: SENTENCES["too_many_pixels"]})
    stream.seek(0)
    return kind, size, (width, height)


class Received(NamedTuple):
    """A photo that was taken in; not `fresh` where the very same bytes were taken before, for the same moment."""

    attachment: Attachment
    fresh: bool


def _digest(stream: IO[bytes]) -> str:
    stream.seek(0)
    return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # a spooled file reads like any other


def receive(
    stream: IO[bytes],
    owner_kind: str,
    owner_id: int,
    moment: str,
    *,
    actor: Actor,
    now: datetime,
    name: str = "",
    field: str = "photos",
) -> Received:
    """Take one photo (a seekable stream) for a thing the caller has checked the actor may add to.

    `moment` is one of `limits.MOMENTS`. The same bytes sent again for the same moment give the first row. `field` is
    the form's field that refusals are said beside. Raises TooLarge, NotAPhoto, Rejected (too many photos).
    """
    kind, size, (width, height) = check(stream, field)
    sent = _digest(stream)
    first = queries.same(owner_kind, owner_id, moment, sent)
    if first is not None:
        return Received(first, fresh=False)
    if queries.count(owner_kind, owner_id) >= settings.get(PER_OWNER):
        raise Rejected(fields={field: SENTENCES["too_many"]})
    key = f"{current_institution()}/{now:%Y/%m}/{uuid.uuid4()}"
    stream.seek(0)
    blobs.store().put(blobs.QUARANTINE + key, stream)
    attachment = Attachment(
        owner_kind=owner_kind,
        owner_id=owner_id,
        moment=moment,
        key=key,
        mime=sniffing.PHOTOS[kind],
        size=size,
        width=width,
        height=height,
        sha256=sent,
        sent_sha256=sent,
        original_name=_clean(name),
        uploaded_by=actor.id,
        at=now,
    )
    db.session.add(attachment)
    db.session.flush()
    outbox.publish(AttachmentReceived(attachment.id))
    audit.record(
        actor,
        "attachment.add",
        "attachment",
        attachment.id,
        now=now,
        after={"owner_kind": owner_kind, "owner_id": owner_id, "moment": moment, "sha256": sent},
    )
    return Received(attachment, fresh=True)


def _clean(name: str) -> str:
    """The sender's file name as a remark only: no path, nothing unprintable; it never names a file of ours."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in last if char.isprintable() and not "\ud800" <= char <= "\udfff")[:NAME_LENGTH]


def settle(
    attachment_id: int, *, thumb_key: str, sha256: str, size: int, width: int, height: int, mime: str = "image/webp"
) -> bool:
    """The clean copy lies under the row's key: let it be seen. False where the row was settled before."""
    done = db.session.execute(
        update(Attachment)
        .where(Attachment.id == attachment_id, Attachment.state == "quarantine")
        .values(state="ready", thumb_key=thumb_key, sha256=sha256, size=size, width=width, height=height, mime=mime)
        .returning(Attachment.id)
    ).first()
    return done is not None


def refuse(attachment_id: int, reason: str, *, actor: Actor, now: datetime) -> bool:
    """Give a photo up for a reason of `limits.REASONS`; the uploader reads the sentence where the photo would be."""
    done = db.session.execute(
        update(Attachment)
        .where(Attachment.id == attachment_id, Attachment.state == "quarantine")
        .values(state="refused", reason=reason)
        .returning(Attachment.id)
    ).first()
    if done is None:
        return False
    audit.record(actor, "attachment.refuse", "attachment", attachment_id, now=now, after={"reason": reason})
    return True


SWEEP_AGE = timedelta(hours=48)
"""How old a file without a row, or a row without a file, must be before the sweep acts: no request lasts longer."""
