"""What somebody typed outlives an expired sign-in.

A form that is sent after the session has ended is kept in a signed cookie and comes back filled in once the same
person has signed in again. Photos cannot be kept; the page says so. The cookie lives an hour and ends with the first
successful sending. Somebody else who signs in on the same device does not see it: the form says whose it was. What
somebody wrote who had not signed in is nobody's: it waits a quarter of an hour for whoever signs in next.
"""

from __future__ import annotations

from typing import Any

from flask import Request, current_app, redirect, request, url_for
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response as BaseResponse

from app.core.actor import Actor

COOKIE = "houqin_draft"
OWNER_FIELD = "whose"
MAX_BYTES = 3600  # of the 4,096 a browser keeps of one cookie, name and attributes included
MAX_AGE = 3600  # seconds
NAMELESS_AGE = 900  # seconds
_DROPPED = frozenset({"csrf_token", "idempotency_key"})


def _signer() -> URLSafeTimedSerializer:
    config = current_app.config
    return URLSafeTimedSerializer([*config["SECRET_KEY_FALLBACKS"], config["SECRET_KEY"]], salt="tickets.drafts")


def owner(actor: Actor) -> str:
    """What a form's `whose` field says."""
    return str(actor.id) if actor.id is not None else ""


def left_behind(actor: Actor) -> bool:
    """Whether this form was made for somebody signed in who no longer is."""
    return not actor.signed_in and bool(request.form.get(OWNER_FIELD))


def to_sign_in(back: str) -> BaseResponse:
    """Keep the sent form and lead to the sign-in, which comes back to `back`."""
    return keep(redirect(url_for("accounts.login", next=back), 303), back)


def keep(answer: BaseResponse, back: str) -> BaseResponse:
    """Let the browser keep the sent form until somebody signed in opens `back`."""
    kept = {name: value for name, value in request.form.items() if name not in _DROPPED}
    signed = _signed({"at": back, "kept": kept})
    if signed is not None:
        answer.set_cookie(
            COOKIE,
            signed,
            max_age=MAX_AGE if kept.get(OWNER_FIELD) else NAMELESS_AGE,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
    return answer


def _signed(content: dict[str, Any]) -> str | None:
    """The cookie's text; the longest field is cut rather than all of it lost."""
    fields: dict[str, str] = content["kept"]
    while fields:
        signed = str(_signer().dumps(content))
        if len(signed) <= MAX_BYTES:
            return signed
        longest = max(fields, key=lambda name: len(fields[name]))
        fields[longest] = fields[longest][: len(fields[longest]) * 2 // 3]
        if not fields[longest]:
            del fields[longest]
    return None


def waiting(asked: Request, actor: Actor) -> dict[str, str]:
    """The fields kept for this address and this person, or by nobody; empty where there are none."""
    given = asked.cookies.get(COOKIE)
    if not given:
        return {}
    try:
        content = _signer().loads(given, max_age=MAX_AGE)
    except BadData:
        return {}
    if not isinstance(content, dict) or content.get("at") != asked.full_path.rstrip("?"):
        return {}
    kept = content.get("kept", {})
    return kept if kept.get(OWNER_FIELD, "") in ("", owner(actor)) else {}


def done(answer: BaseResponse) -> BaseResponse:
    """Forget the draft: it has been sent."""
    if COOKIE in request.cookies:
        answer.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=current_app.config["SESSION_COOKIE_SECURE"])
    return answer
