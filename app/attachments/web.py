"""Photos over signed links."""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, Response, redirect, request, send_file

from app.attachments import blobs, links, policies, queries
from app.attachments.models import Attachment
from app.core import clock
from app.core.errors import NotFound
from app.core.http import current_actor, policy, signed_in

blueprint = Blueprint("attachments", __name__)


@blueprint.get("/files/<token>")
@policy(signed_in)
def file(token: str) -> Any:
    """One photo: shown in the page, or with `?download=1` as a file.

    A link that is over, a photo not yet prepared and one the reader may not see are all 404.
    """
    found = links.read(token, clock.now())
    attachment = queries.by_id(found[0]) if found else None
    if found is None or attachment is None or not policies.may_view(current_actor(), attachment):
        raise NotFound
    return serve(attachment, found[1], download=request.args.get("download") == "1")


def serve(attachment: Attachment, size: links.Size, *, download: bool = False) -> Any:
    """Send the clean copy. It can do nothing in the reader's browser but be a picture."""
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
        max_age=3600,
    )
    headers = answer.headers
    headers["Cache-Control"] = "private, max-age=3600"
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
