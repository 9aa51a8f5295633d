"""Repeat submits give the first answer (contract.md, Idempotency-Key).

The key's row is written first, in the request's own transaction: a parallel repeat waits on the unique key and
then reads the stored answer; a refusal rolls the row back, so it is never stored. Forms carry the key in a
hidden field, which makes the double tap harmless without JavaScript.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
from flask import Flask, Response, g, request
from flask_babel import lazy_gettext as _l
from sqlalchemy import Integer, LargeBinary, UniqueConstraint, delete, select, text
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.exceptions import PreconditionRequired

from app.core import clock
from app.core.db import Tenant, current_institution, db
from app.core.errors import Rejected
from app.core.forms import FRAMEWORK_FIELDS, IDEMPOTENCY_FIELD
from app.core.http.problems import is_api
from app.core.prepared import Prepared

KEEP = timedelta(hours=24)
MAX_KEY = 200
EXEMPT_ATTRIBUTE = "ignores_idempotency"
DEMAND_ATTRIBUTE = "demands_idempotency"
_NOT_CONTENT = FRAMEWORK_FIELDS | {"device_at", "device_offset_s", "contact"}
"""Fields of a form that say of each sending when it was (`js/device.js`), and nothing of what is asked for."""

_KEPT_HEADERS = ("Content-Type", "Location", "ETag", "HX-Redirect")


class IdempotencyKey(Tenant):
    """One key of one subject: a person (`p:12`) or, for a QR report, the sender's address (`a:…`)."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("institution_id", "subject", "key", name="uq_idempotency_key_subject_key"),)

    subject: Mapped[str]
    key: Mapped[str]
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None] = mapped_column(Integer)
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    at: Mapped[datetime]


_CLAIM = Prepared(
    text(
        """
        INSERT INTO idempotency_key (institution_id, subject, key, request_hash, at)
        VALUES (:institution, :subject, :key, :request_hash, :at)
        ON CONFLICT ON CONSTRAINT uq_idempotency_key_subject_key DO NOTHING
        RETURNING id
        """
    )
)


def sent_key() -> str | None:
    """The key a request came with: the header's, else the form's."""
    return request.headers.get("Idempotency-Key") or request.form.get(IDEMPOTENCY_FIELD)


def demands_key(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view answers 428 without a key (POST /tickets of the API)."""
    setattr(view, DEMAND_ATTRIBUTE, True)
    return view


def ignores_key(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view's answers are never stored (POST /tokens)."""
    return ignores_key_if(always)(view)


def always() -> bool:
    """The rule of views whose answers are never stored."""
    return True


def ignores_key_if(rule: Callable[[], bool]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The view's answers are not stored where `rule` says so: a stored one names who sent the request."""

    def name(view: Callable[..., Any]) -> Callable[..., Any]:
        setattr(view, EXEMPT_ATTRIBUTE, rule)
        return view

    return name


def answer_once(app: Flask, view: Callable[..., Any], produce: Callable[[], Response]) -> Response:
    """Produce the answer, or give the stored one of the same request.

    Raises Rejected 422 when the key was used for another request.
    """
    exempt: Callable[[], bool] | None = getattr(view, EXEMPT_ATTRIBUTE, None)
    if request.method != "POST" or (exempt is not None and exempt()):
        return produce()
    key = sent_key()
    if not key:
        if getattr(view, DEMAND_ATTRIBUTE, False):
            raise PreconditionRequired
        return produce()
    if len(key) > MAX_KEY or not key.isprintable():
        raise Rejected(_l("The idempotency key must be at most 200 printable characters."), code="idempotency-key")
    subject = f"p:{g.actor.id}" if g.actor.id is not None else f"a:{request.remote_addr}"
    digest = _digest()
    claimed = _CLAIM.first(
        {
            "institution": current_institution(),
            "subject": subject,
            "key": key,
            "request_hash": digest,
            "at": clock.now(),
        }
    )
    if claimed is None:
        return _stored(app, view, subject, key, digest, produce)
    answer = produce()
    if answer.status_code < 400:
        _store(claimed.id, answer)
    return answer


_STORE = Prepared(
    text(
        """
        UPDATE idempotency_key SET status = :status, headers = CAST(:headers AS jsonb), body = :body
        WHERE institution_id = :institution AND id = :id
        """
    )
)


def _store(row_id: int, answer: Response) -> None:
    kept = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
    _STORE.run(
        {
            "institution": current_institution(),
            "id": row_id,
            "status": answer.status_code,
            "headers": orjson.dumps(kept).decode(),
            "body": answer.get_data(),
        }
    )


def _stored(
    app: Flask,
    view: Callable[..., Any],
    subject: str,
    key: str,
    digest: bytes,
    produce: Callable[[], Response],
) -> Response:
    row = db.session.execute(
        select(IdempotencyKey).where(IdempotencyKey.subject == subject, IdempotencyKey.key == key)
    ).scalar_one()
    if clock.now() - row.at > KEEP:
        db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.id == row.id))
        return answer_once(app, view, produce)  # claimed anew, so that of two late repeats one waits
    if row.request_hash != digest:
        said = (
            _l("This Idempotency-Key was already sent with other content. Take a new one for something else.")
            if is_api()
            else _l("This form was already sent with other content. Open a new form to send something else.")
        )
        raise Rejected(said, code="idempotency-key-reused")
    answer = app.response_class(row.body or b"", status=row.status or 200)
    for name, value in (row.headers or {}).items():
        answer.headers[name] = value
    answer.headers["Idempotent-Replay"] = "true"
    return answer


def _digest() -> bytes:
    """Hash of method, path and body; of a form its fields and files, since every resend draws a new boundary."""
    content = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    if request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded"):
        fields = sorted((name, value) for name, value in request.form.items(multi=True) if name not in _NOT_CONTENT)
        content.update(orjson.dumps(fields))
        for name, sent in sorted(request.files.items(multi=True), key=lambda pair: pair[0]):
            content.update(f"\n{name}:".encode())
            sent.stream.seek(0)  # a second try finds what the first has read
            content.update(hashlib.file_digest(sent.stream, "sha256").digest())  # type: ignore[arg-type]  # a spooled file reads like any other
            sent.stream.seek(0)
    else:
        content.update(request.get_data(cache=True))
    return content.digest()
