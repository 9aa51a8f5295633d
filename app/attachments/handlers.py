"""The job that re-encodes a photo, and the daily sweep: files are handled outside, rows inside a transaction."""

from __future__ import annotations

import io
import itertools
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

from app.attachments import blobs, imaging, queries, services
from app.attachments.models import Attachment
from app.core import clock
from app.core.db import current_institution
from app.core.deliveries import Lease
from app.core.transaction import steps
from app.events.attachments import AttachmentReceived, AttachmentSweepDue

log = logging.getLogger(__name__)
BATCH = 500


def reencode(event: AttachmentReceived, lease: Lease) -> None:
    """Quarantine → ready or refused. Killed anywhere, it runs again to the same end.

    The decoding happens outside any transaction; the original is deleted after the row no longer needs it.
    """
    with steps() as step:
        attachment = queries.by_id(event.attachment_id)
        if attachment is None:
            return
        key, state = attachment.key, attachment.state
        step()
        if state == "quarantine":
            reason = _write_clean_copy(event.attachment_id, key, lease)
            if reason is not None:
                lease.renew()
                services.refuse(event.attachment_id, reason, actor=lease.actor, now=clock.now())
            step()
        blobs.store().delete(blobs.QUARANTINE + key)


def _write_clean_copy(attachment_id: int, key: str, lease: Lease) -> str | None:
    """Decode, write both blobs, settle the row; returns the reason where the photo is refused."""
    store = blobs.store()
    try:
        with store.open(blobs.QUARANTINE + key) as sent:
            content = sent.read()
    except FileNotFoundError:
        return "lost"
    try:
        photo = imaging.reencode(content)
    except imaging.Refused as refused:
        return refused.reason
    thumb_key = f"{key}-thumb"
    store.put(thumb_key, io.BytesIO(photo.thumb))
    stored = store.put(key, io.BytesIO(photo.content))
    lease.renew()
    services.settle(
        attachment_id,
        thumb_key=thumb_key,
        sha256=stored.sha256,
        size=stored.size,
        width=photo.width,
        height=photo.height,
    )
    return None


def sweep(event: AttachmentSweepDue, lease: Lease) -> None:
    """Delete files no row points to, refuse rows whose upload is gone, say loudly which stored photos are missing."""
    store = blobs.store()
    if not store.root.is_dir():
        log.error("the folder of photos is not there", extra={"folder": str(store.root)})
        return
    before = clock.now() - services.SWEEP_AGE
    with steps() as step:
        deleted = 0
        for keys in _old_files(store, before):
            deleted += _sweep_files(store, keys)
            lease.renew()
            step()
        missing, last = 0, 0
        while rows := queries.rows_after(last, before):
            last = rows[-1].id
            missing += sum(_look_after(store, row, lease) for row in rows)
            lease.renew()
            step()
    if deleted or missing:
        log.warning("attachments swept", extra={"files_deleted": deleted, "photos_missing": missing})


def _old_files(store: blobs.Directory, before: datetime) -> Iterator[list[str]]:
    """Keys of this institution's files written before an instant, in batches."""
    institution = current_institution()
    files = itertools.chain(store.written(f"{blobs.QUARANTINE}{institution}/"), store.written(f"{institution}/"))
    old = (key for key, at in files if at < before)
    while batch := list(itertools.islice(old, BATCH)):
        yield batch


def _sweep_files(store: blobs.Directory, keys: Sequence[str]) -> int:
    """Delete those of the files that no row needs; returns how many."""
    states = queries.known_keys({_row_key(key) for key in keys})
    deleted = 0
    for key in keys:
        needed = ("quarantine",) if key.startswith(blobs.QUARANTINE) else ("quarantine", "ready")
        if states.get(_row_key(key)) in needed:
            continue
        if not store.drop_partial(key):
            store.delete(key)
        deleted += 1
    return deleted


def _row_key(key: str) -> str:
    return key.removeprefix(blobs.QUARANTINE).removesuffix("-thumb")


def _look_after(store: blobs.Directory, row: Attachment, lease: Lease) -> bool:
    """Whether a blob of the row is missing. An upload that is gone is refused; a stored photo may come back."""
    if row.state == "quarantine":
        if store.exists(blobs.QUARANTINE + row.key):
            return False
        return services.refuse(row.id, "lost", actor=lease.actor, now=clock.now())
    if store.exists(row.key) and row.thumb_key is not None and store.exists(row.thumb_key):
        return False
    log.error("a stored photo is missing; restore it from a backup", extra={"attachment": row.id, "key": row.key})
    return True
