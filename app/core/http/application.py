"""The Flask class: one commit per request, refusals roll back, a lock not had is tried once more."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import lru_cache
from itertools import chain
from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, request
from flask.globals import request_ctx
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import IntegerConverter, ValidationError
from werkzeug.sansio.response import Response as AnyResponse

from app.core import errors, logs, rendering, transaction
from app.core.actor import Actor
from app.core.database_errors import is_busy
from app.core.db import bind_institution
from app.core.http import bodies, idempotency, problems
from app.core.http.form_text import FormRequest
from app.core.institution import by_host
from app.core.refusals import lacking

ADDRESSES_KEPT = 4096
_OPTIONS = frozenset({"_anchor", "_method", "_scheme", "_external"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LoadActor = Callable[[int], Actor]
NoteRefusal = Callable[[Actor, str, str], None]


class _Cookies(SecureCookieSessionInterface):
    """Sessions in signed cookies; what signs them is made once, not for each request, with or without a cookie."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        kept: URLSafeTimedSerializer | None = app.extensions.get("houqin_signing")
        if kept is None:
            kept = app.extensions["houqin_signing"] = super().get_signing_serializer(app)
        return kept


class HouqinFlask(Flask):
    """Commits after an unsafe request that was answered below 400; everything else rolls back."""

    jinja_environment = rendering.Environment
    session_interface = _Cookies()
    request_class = FormRequest

    def __init__(self, *of: Any, **named: Any) -> None:
        super().__init__(*of, **named)
        self._address = lru_cache(maxsize=ADDRESSES_KEPT, typed=True)(self._built)

    def url_for(self, /, endpoint: str, **values: Any) -> str:
        """As Flask's; within a request built once for the same values, since a page asks for dozens of addresses."""
        here = request_ctx.url_adapter if has_request_context() else None
        options = {name: values.pop(name) for name in _OPTIONS if name in values}  # flask.url_for names them all
        if here is None or endpoint.startswith(".") or any(each is not None for each in options.values()):
            return super().url_for(endpoint, **values, **options)
        try:
            return self._address(here.script_name, here.default_method, endpoint, *chain.from_iterable(values.items()))
        except TypeError:  # lists and the like cannot be looked up
            return super().url_for(endpoint, **values)

    def _built(self, _script: str, _method: str, endpoint: str, *pairs: Any) -> str:
        return super().url_for(endpoint, **dict(zip(pairs[::2], pairs[1::2], strict=True)))

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As it is: no view or hook here is a coroutine, and Flask would look at fourteen for each request."""
        return func

    def dispatch_request(self) -> Any:
        rule = request.url_rule
        if request.routing_exception is not None:
            self.raise_routing_exception(request)
        if rule is None:
            raise NotFound
        view = self.view_functions[rule.endpoint]
        if getattr(rule, "provide_automatic_options", False) and request.method == "OPTIONS":
            return self.make_default_options_response()
        denied = self._check_policy(view)
        if denied is not None:
            return denied
        try:
            return self._answer(view)
        except DBAPIError as error:
            if not is_busy(error):
                raise
            transaction.abandon()
            return self._answer(view)  # one retry, then 409 "busy"

    def _check_policy(self, view: Callable[..., Any]) -> Any:
        rule = getattr(view, "policy", None)
        if rule is None:
            raise errors.NotAllowed(code="no-policy")
        actor: Actor = g.actor
        if rule(actor):
            return None
        if not actor.signed_in:
            return problems.sign_in_first()
        note: NoteRefusal | None = self.extensions.get("houqin_note_refusal")
        if note is not None:
            note(actor, request.method, request.endpoint or "")
        raise lacking(actor, rule)

    def _answer(self, view: Callable[..., Any]) -> Response:
        def produce() -> Response:
            return self.make_response(view(**(request.view_args or {})))

        try:
            if request.method in SAFE_METHODS:
                answer = produce()
                transaction.abandon()
                return answer
            answer = idempotency.answer_once(self, view, produce)
            if answer.status_code < 400:
                transaction.finish()
            else:
                transaction.abandon()
            return answer
        except BaseException:
            transaction.abandon()
            raise


def _identify() -> None:
    """Request id: the proxy's where it is sane, else our own; it stands in every log line and every problem."""
    given = request.headers.get("X-Request-ID", "")
    wanted = given if 8 <= len(given) <= 64 and given.replace("-", "").isalnum() and given.isascii() else ""
    logs.request_id.set(wanted or secrets.token_hex(8))


def _enter(app: Flask) -> Callable[[], None]:
    def enter() -> None:
        """Bind the institution of the host name and load the actor, in one select."""
        bind_institution(None)
        g.actor = Actor.anonymous(0)
        g.institution = None
        if request.endpoint in app.extensions["houqin_bare_endpoints"]:
            return
        facts = by_host(request.host)
        if facts is None:
            raise NotFound
        bind_institution(facts.id)
        g.institution = facts
        load: LoadActor = app.extensions["houqin_load_actor"]
        g.actor = load(facts.id)

    return enter


def _token_first() -> AnyResponse | None:
    """Below the API who has no token is told that: no address, no method, and nothing of the body (contract.md).

    Not that it was too large or too slow either: it is read or thrown away by now, so 413 would spare nobody a byte.
    """
    if not problems.is_api() or g.actor.signed_in:
        return None
    rule = getattr(current_app.view_functions.get(request.endpoint or ""), "policy", None)
    return None if rule is not None and rule(g.actor) else problems.sign_in_first()


REFUSED_IN_PLACE = (409, 412, 422)
"""Answers to a form that come with the form: what was sent was refused, is stale, or is not in order."""


_ALWAYS = (
    (
        "Content-Security-Policy",
        "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
        "frame-ancestors 'none'; form-action 'self'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(self), geolocation=(), microphone=()"),
)
"""What every answer says to browsers, where the view has not said otherwise."""


def _leave(answer: Response) -> Response:
    headers = answer.headers
    headers["X-Request-ID"] = logs.request_id.get() or ""
    given = {name.lower() for name, _value in headers}  # each look-up by name would go through all of them
    for name, value in _ALWAYS:
        if name.lower() not in given:
            headers.add(name, value)
    if "cache-control" not in given:
        # "back" to a form that was refused shows it as it was; with no-store browsers ask to send it again
        form = request.method == "POST" and answer.status_code in REFUSED_IN_PLACE and answer.mimetype == "text/html"
        headers.add("Cache-Control", "private, no-cache" if form else "no-store")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if answer.mimetype == "text/html":
        answer.vary.update(["HX-Request", "HX-Request-Type", "Cookie", "Accept-Language"])
    return answer


class IdConverter(IntegerConverter):
    """`<int:…>` of every route: ASCII digits that a bigint holds; all else is 404, never an error of the database."""

    regex = r"[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        """The id; raises ValidationError (404) for zero and for what no id can be."""
        number = int(value)
        if not 0 < number < 2**63:
            raise ValidationError
        return number


def bare(app: Flask, endpoint: str) -> None:
    """An endpoint that needs neither institution nor database (health of the process)."""
    app.extensions["houqin_bare_endpoints"].add(endpoint)


def install(app: Flask) -> None:
    """Register the edge's hooks in their order; called before any blueprint or extension adds its own."""
    app.extensions["houqin_bare_endpoints"] = {"static"}
    app.url_map.converters["int"] = IdConverter
    app.before_request(_identify)
    bodies.install(app)
    app.before_request(_enter(app))
    app.before_request(_token_first)
    app.before_request(bodies.refuse)
    app.after_request(_leave)
    app.teardown_request(lambda _error: bind_institution(None))
    problems.install(app)


__all__ = ["HTTPException", "HouqinFlask", "MethodNotAllowed", "bare", "install"]
