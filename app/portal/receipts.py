"""The secrets of receipts: who holds one reads and answers what was said without a name.

A secret is 128 bits, written in 26 characters that are not mistaken for each other. It follows from the key of the form
and the words sent, by a hash with the application's own key: the same form sent twice has the same receipt, and no row
says who sent it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

from flask import current_app, request

from app.core.http import current_actor
from app.core.http.idempotency import sent_key

_SHAPE = re.compile(r"[a-z2-7]{26}")
_ALIKE = str.maketrans({"0": "o", "1": "l", "8": "b"})


def nameless() -> bool:
    """Whether the message of this request is to be taken down without a name."""
    try:
        body = request.get_json(silent=True) if request.is_json else None
    except (RecursionError, ValueError):
        body = None  # what nests too deep is refused where it is read
    ticked = body.get("anonymous") is True if isinstance(body, dict) else bool(request.form.get("anonymous"))
    return ticked or not current_actor().signed_in


def receipt_secret(text: str) -> str:
    """The secret for what this request sends."""
    key = sent_key() or secrets.token_urlsafe(16)
    signer = str(current_app.config["SECRET_KEY"]).encode()
    found = hmac.new(signer, f"receipt\n{key}\n{text}".encode(), hashlib.sha256).digest()[:16]
    return base64.b32encode(found).decode().rstrip("=").lower()


def written(secret: str) -> str:
    """The secret as people copy it: in groups."""
    return "-".join(secret[at : at + 4] for at in range(0, 24, 4)) + secret[24:]


def read(given: str) -> str | None:
    """The secret somebody typed or followed, in any letter case, with or without hyphens; None for what is none."""
    plain = re.sub(r"[\s\-]", "", given).lower().translate(_ALIKE)
    return plain if _SHAPE.fullmatch(plain) else None
