"""Sending a photo to a reader who may see it; pages and the API share it."""

from __future__ import annotations

import io
from typing import Any

from flask import Response, redirect, send_file

from app.attachments import blobs, links
from app.attachments.models import Attachment
from app.core.errors import NotFound

SECONDS = 3600


def serve(attachment: Attachment, size: links.Size, *, download: bool = False) -> Any:
    """The clean copy, inline or as a file. It can do nothing in the reader's browser but be a picture.

    Raises NotFound for one that is not ready or whose blob is gone.
    """
    if attachment.state != "ready" or attachment.thumb_key is None:
        raise NotFound
    key = attachment.key if size == "full" else attachment.thumb_key
    store = blobs.store()
    elsewhere = store.url(key)
    if elsewhere is not None:
        return redirect(elsewhere)
    try:
        with store.open(key) as blob:
            content = blob.read()  # some hundred kilobytes: what we wrote, never what was sent
    except FileNotFoundError as error:
        raise NotFound from error
    answer: Response = send_file(
        io.BytesIO(content),
        mimetype=attachment.mime,
        as_attachment=download,
        download_name=_name(attachment) if download else None,
        etag=f"{attachment.sha256[:32]}-{size}",
        conditional=True,
        max_age=SECONDS,
    )
    headers = answer.headers
    headers["Cache-Control"] = f"private, max-age={SECONDS}"
    headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if not download:
        headers["Content-Disposition"] = "inline"
    answer.vary.add("Cookie")
    return answer


def _name(attachment: Attachment) -> str:
    """The sender's name with the ending of what we send; quoting it is werkzeug's (RFC 6266)."""
    stem = attachment.original_name.rsplit(".", 1)[0].strip(". ") or f"photo-{attachment.id}"
    return f"{stem}.webp"
