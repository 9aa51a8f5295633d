"""Refusals rendered once: problem+json below /api/, a page elsewhere, both in the reader's language.

Nothing here decides anything: each exception has its status, its slug and its sentence; the renderer adds the
request id. A constraint violation becomes the domain error registered for the constraint's name, else one by
SQLSTATE (rule 5); a database that is gone becomes 503, the only 5xx that is an answer.
"""

from __future__ import annotations

import logging
from typing import Any

import orjson
from flask import Flask, Response, current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.sansio.response import Response as AnyResponse

from app.core import errors, forms, logs, pages
from app.core.database_errors import constraint_violation, is_busy, sqlstate
from app.core.http import bodies

log = logging.getLogger(__name__)

API_PREFIX = "/api/"
RETRY_AFTER_SECONDS = 2

TITLES: dict[int, Any] = {
    400: _l("The request could not be read"),
    401: _l("Please sign in"),
    403: _l("This is not open to you"),
    404: _l("Nothing is here"),
    405: _l("This address does not take that kind of request"),
    406: _l("This address does not offer that format"),
    408: _l("The upload took too long"),
    409: _l("That is not possible just now"),
    412: _l("Somebody was faster"),
    413: _l("That is too large"),
    415: _l("That kind of content is not taken here"),
    422: _l("Please check what you entered"),
    428: _l("A header is missing"),
    429: _l("Too many requests"),
    500: _l("Something went wrong on our side"),
    503: _l("The service is not available for a moment"),
}
DETAILS: dict[int, Any] = {
    400: _l("The request is not of the expected form. Load the page again and repeat the step."),
    401: _l("Sign in and repeat the step; what you entered is kept."),
    403: _l("Your account may not do this. If you need it for your work, ask your administrator."),
    404: _l("The address is wrong, or what it shows is not meant for your account."),
    405: _l("Load the page again and use its buttons."),
    406: _l("Ask for JSON or HTML."),
    408: _l("The connection is slow. Send fewer or smaller photos, or try again where the signal is better."),
    409: _l("Load the page again and look at the present state before you repeat the step."),
    412: _l("It was changed in the meantime. Load the page again; your step was not carried out."),
    413: _l("Send fewer or smaller files."),
    415: _l("Send the kind of file or content the form asks for."),
    422: _l("Some entries cannot be used as they are."),
    428: _l("Send the If-Match or Idempotency-Key header this address demands."),
    429: _l("Wait a moment, then try again."),
    500: _l("Nothing you entered was half stored. Try again; if it happens again, tell us the request number."),
    503: _l("Try again in a few seconds. Nothing was lost."),
}


API_DETAILS = {
    401: _l("Send a valid token: Authorization: Bearer …"),
    405: _l("See the documentation for what this address takes."),
}
"""What a program can do, where it is not what a person can do at a page."""


def is_api() -> bool:
    return request.path.startswith(API_PREFIX)


def render(
    status: int,
    *,
    code: str,
    detail: Any = None,
    fields: dict[str, list[Any]] | None = None,
    extra: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """One refusal as problem+json (RFC 9457) or as a page."""
    title = str(TITLES.get(status, TITLES[400 if status < 500 else 500]))
    usual = {**DETAILS, **API_DETAILS} if is_api() else DETAILS
    said = str(detail or usual.get(status, usual[400 if status < 500 else 500]))
    request_id = logs.request_id.get()
    # The page names the number of the request: here it is found again. Rule, not path: a path may hold a secret.
    log.info("refused", extra={"status": status, "type": code, "method": request.method, "rule": str(request.url_rule)})
    listed = [{"field": name, "message": str(each)} for name, group in (fields or {}).items() for each in group]
    if is_api():
        document: dict[str, Any] = {
            "type": code,
            "title": title,
            "status": status,
            "detail": said,
            "request_id": request_id,
            **(extra or {}),
        }
        if listed or status == 422:
            document["errors"] = listed
        answer = Response(orjson.dumps(document, default=str), status=status, mimetype="application/problem+json")
    else:
        page = render_template(
            "errors/error.html",
            status=status,
            title=title,
            detail=said,
            errors=listed,
            request_id=request_id,
            again=pages.asked_otherwise(fields or ()) if status == 422 and request.method == "GET" else pages.again(),
        )
        answer = Response(page, status=status, mimetype="text/html")
    answer.headers.update(headers or {})
    return answer


def domain_error(error: errors.DomainError) -> Response:
    extra = dict(error.extra)
    fields = error.fields if isinstance(error, errors.Rejected) else None
    headers: dict[str, str] = {}
    if isinstance(error, errors.Stale):
        extra["current"] = error.current
    if isinstance(error, errors.Busy):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    headers.update(error.headers)
    return render(error.status, code=error.code, detail=error.message, fields=fields, extra=extra, headers=headers)


def http_error(error: HTTPException) -> AnyResponse:
    status = error.code or 500
    if error.response is not None:
        return error.response
    headers: dict[str, str] = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    if (retry := getattr(error, "retry_after", None)) is not None:
        headers["Retry-After"] = str(retry)
    data = getattr(error, "data", None) or {}
    fields = forms.flatten(data.get("messages", {}))
    detail = _too_large(error.limit) if isinstance(error, bodies.TooLarge) else None
    return render(status, code=slug(status), detail=detail, fields=fields, headers=headers)


def _too_large(limit: int) -> str:
    """What to do about a body of more than `limit` bytes; who sent JSON sent no files."""
    megabytes = f"{limit / 2**20:.3g}"
    if request.is_json:
        return str(_("This address takes %(limit)s MB at most. Send less at a time.", limit=megabytes))
    return str(_("This address takes %(limit)s MB at most. Send fewer or smaller files.", limit=megabytes))


def slug(status: int) -> str:
    return {
        400: "bad-request",
        401: "unauthenticated",
        403: "not-allowed",
        404: "not-found",
        405: "method-not-allowed",
        408: "too-slow",
        413: "too-large",
        415: "unsupported-content",
        422: "rejected",
        428: "precondition-required",
        429: "too-many-requests",
    }.get(status, "error")


def database_error(error: DBAPIError) -> Response:
    """A constraint the service did not foresee, a lock not had in time, or a database that is gone."""
    state = sqlstate(error)
    if isinstance(error, IntegrityError):
        return domain_error(constraint_violation(error))
    if is_busy(error):
        return domain_error(errors.Busy(_l("Somebody else is changing this just now. Try again in a moment.")))
    if isinstance(error, DataError):  # SQLSTATE 22…, or none where the driver itself refuses the value
        log.warning("unstorable value", extra={"sqlstate": state})
        return domain_error(errors.Rejected(_l("An entry contains a value that cannot be stored.")))
    if isinstance(error, OperationalError) or error.connection_invalidated or state.startswith(("08", "57", "53")):
        log.error("database unavailable", extra={"sqlstate": state, "error": str(error.orig)})
        return unavailable()
    log.error("database error", exc_info=error)
    return render(500, code="error")


def unavailable() -> Response:
    return render(503, code="unavailable", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def unexpected(error: Exception) -> Response:
    if current_app.testing:
        raise error
    log.error("unexpected error", exc_info=error)
    return render(500, code="error")


def sign_in_first() -> AnyResponse:
    """401 for machines and parts of pages, the sign-in page for people; `next` is the page they were on.

    A script keeps what stands in the page's fields before it follows the redirect of a part (js/app.js).
    """
    if is_api():
        return render(401, code="unauthenticated", headers={"WWW-Authenticate": "Bearer"})
    if request.headers.get("HX-Request"):
        to = url_for("accounts.login", next=pages.asked_from())
        return Response(_("Please sign in"), status=401, headers={"HX-Redirect": to})
    return redirect(url_for("accounts.login", next=request.full_path.rstrip("?") if request.method == "GET" else None))


def install(app: Flask) -> None:
    app.register_error_handler(errors.DomainError, domain_error)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(DBAPIError, database_error)
    app.register_error_handler(PoolTimeout, lambda _error: unavailable())
    app.register_error_handler(Exception, unexpected)
