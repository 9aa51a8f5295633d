"""What was said without a name: found by its receipt, answered on its page."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock
from app.core.errors import Conflict, NotFound
from app.core.forms import Form
from app.core.http import anyone, policy
from app.core.http.idempotency import ignores_key
from app.core.http.limits import Limit
from app.portal import feedback_words
from app.portal import receipts as secrets
from app.portal.queries import feedback as queries
from app.portal.schemas.feedback import ReceiptForm, WordsForm
from app.portal.services.feedback import acts
from app.portal.services.feedback.filing import digest
from app.portal.web.feedback.blueprint import blueprint
from app.portal.web.feedback.saying import PER_HOUR

_replies = Limit("feedback_replies", PER_HOUR, 3600, lambda: request.remote_addr)


@blueprint.get("/receipt")
@policy(anyone)
def find() -> Any:
    """Number and secret of a receipt are asked for."""
    return render_template("portal/feedback/find.html", form=Form(ReceiptForm))


@blueprint.post("/receipt")
@policy(anyone)
def find_post() -> Any:
    """On to the page of the receipt; a wrong secret and a wrong number are never told apart."""
    form = Form(ReceiptForm)
    data = form.load(request.form)
    if data is None:
        return render_template("portal/feedback/find.html", form=form), 422
    secret = secrets.read(data["secret"])
    row = queries.by_secret(digest(secret)) if secret else None
    number = "".join(data["number"].split()).upper()
    if secret is None or row is None or (number and number != row.number):
        form.problem = _("There is no message with this receipt. Compare number and secret letter by letter.")
        return render_template("portal/feedback/find.html", form=form), 404
    return redirect(url_for("feedback.receipt", secret=secret), 303)


@blueprint.get("/r/<secret>")
@policy(anyone)
def receipt(secret: str) -> Any:
    """The thread for whoever holds the secret; once after sending the receipt to keep."""
    return _page(_found(secret))


@blueprint.post("/r/<secret>")
@_replies
@ignores_key
@policy(anyone)
def receipt_post(secret: str) -> Any:
    """A further word of its author."""
    row = _found(secret)
    form = Form(WordsForm)
    data = form.load(request.form)
    if data is not None:
        with form.heeding(Conflict):
            acts.reply_by_secret(now=clock.now(), secret=_read(secret), text=data["text"])
            return redirect(url_for("feedback.receipt", secret=_read(secret), _anchor="last"), 303)
    return _page(row, form), form.status


def _read(secret: str) -> str:
    found = secrets.read(secret)
    if found is None:
        raise NotFound
    return found


def _found(secret: str) -> Any:
    row = queries.by_secret(digest(_read(secret)))
    if row is None:
        raise NotFound
    return row


def _page(row: Any, form: Form | None = None) -> str:
    secret = _read(str((request.view_args or {})["secret"]))
    events = queries.thread(row.id, staff=False)
    return render_template(
        "portal/feedback/receipt.html",
        row=row,
        secret=secret,
        written=secrets.written(secret),
        address=url_for("feedback.receipt", secret=secret, _external=True),
        fresh=request.args.get("sent") == "1" and len(events) == 1,
        kind=feedback_words.kind(row.kind),
        chip=feedback_words.status_chip(row.status),
        promise=feedback_words.promise(row),
        lines=feedback_words.lines(events, reader=None, author=_("You")),
        form=form or Form(WordsForm),
    )
