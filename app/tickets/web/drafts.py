"""What somebody typed outlives an expired sign-in.

A form that is sent after the session has ended is kept in a signed cookie and comes back filled in once the same
person has signed in again. Photos cannot be kept; the page says so. The cookie lives an hour and ends with the first
successful sending. It is shown to the person the form was made for and to nobody else who signs in on the same device:
the form says whose it is in a signed field, so that no other site puts words into anybody's. What somebody wrote at a
sticker without a sign-in is nobody's: it waits a quarter of an hour, on that sticker's page alone, for whoever signs in
next in this browser. What was not sent yet is kept by the page (`js/kept.js`), in its own tab, under the same rule.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Request, current_app, redirect, request, url_for
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.actor import Actor
from app.core.forms import FRAMEWORK_FIELDS

COOKIE = "houqin_draft"
OWNER_FIELD = "whose"
MAX_BYTES = 3600  # of the 4,096 a browser keeps of one cookie, name and attributes included
MAX_AGE = timedelta(hours=1)
NAMELESS_AGE = timedelta(minutes=15)
_DROPPED = FRAMEWORK_FIELDS | {OWNER_FIELD}
_NOBODY = 0  # whose a nameless draft is; no person has this id


def _signer(salt: str) -> URLSafeSerializer:
    config = current_app.config
    return URLSafeSerializer([*config["SECRET_KEY_FALLBACKS"], config["SECRET_KEY"]], salt=salt)


def _owners() -> URLSafeSerializer:
    return _signer("tickets.draft.owner")


def _contents() -> URLSafeSerializer:
    return _signer("tickets.draft")


def owner(actor: Actor) -> str:
    """What a form's `whose` field says; signed, since ids are easily guessed."""
    return str(_owners().dumps(actor.id)) if actor.id is not None else ""


def _sent_owner() -> int | None:
    """Whom the sent form was made for; None where it does not say so in our own words."""
    try:
        whose: int | None = _owners().loads(request.form.get(OWNER_FIELD, ""))
    except BadData:
        return None
    return whose


def left_behind(actor: Actor) -> bool:
    """Whether this form was made for somebody signed in who no longer is."""
    return not actor.signed_in and bool(request.form.get(OWNER_FIELD))


def to_sign_in(back: str) -> BaseResponse:
    """Keep the sent form for whom it was made and lead to the sign-in, which comes back to `back`."""
    answer, whose = redirect(url_for("accounts.login", next=back), 303), _sent_owner()
    return answer if whose is None else _keep(answer, back, whose, MAX_AGE)


def keep_nameless(answer: BaseResponse, back: str) -> BaseResponse:
    """Let the browser keep a sent form that is nobody's until somebody signed in opens `back`.

    Only for forms that came with their CSRF token: another site's would be shown to whoever signs in next.
    """
    return _keep(answer, back, _NOBODY, NAMELESS_AGE)


def _keep(answer: BaseResponse, back: str, whose: int, age: timedelta) -> BaseResponse:
    kept = {name: value for name, value in request.form.items() if name not in _DROPPED}
    until = int((clock.now() + age).timestamp())
    signed = _signed({"at": back, "whose": whose, "until": until, "kept": kept})
    if signed is not None:
        answer.set_cookie(
            COOKIE,
            signed,
            max_age=age,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
    return answer


def _signed(content: dict[str, Any]) -> str | None:
    """The cookie's text; the longest field is cut rather than all of it lost."""
    fields: dict[str, str] = content["kept"]
    while fields:
        signed = str(_contents().dumps(content))
        if len(signed) <= MAX_BYTES:
            return signed
        longest = max(fields, key=lambda name: len(fields[name]))
        fields[longest] = fields[longest][: len(fields[longest]) * 2 // 3]
        if not fields[longest]:
            del fields[longest]
    return None


def waiting(asked: Request, actor: Actor, *, nameless: bool = False) -> dict[str, str]:
    """The fields kept for this address and this person, and where `nameless` those kept for nobody; else empty."""
    given = asked.cookies.get(COOKIE)
    if not given:
        return {}
    try:
        content: dict[str, Any] = _contents().loads(given)
    except BadData:
        return {}
    if content["at"] != asked.full_path.rstrip("?") or content["until"] <= clock.now().timestamp():
        return {}
    theirs = content["whose"] == actor.id or (nameless and content["whose"] == _NOBODY)
    kept: dict[str, str] = content["kept"]
    return kept if theirs else {}


def done(answer: BaseResponse) -> BaseResponse:
    """Forget the draft: it has been sent."""
    if COOKIE in request.cookies:
        answer.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=current_app.config["SESSION_COOKIE_SECURE"])
    return answer
