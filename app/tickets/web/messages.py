"""Writing on the page of a ticket."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask_babel import lazy_gettext as _l

from app.core import clock
from app.core.errors import Conflict, Rejected
from app.core.forms import Form
from app.core.http import current_actor, policy, upload
from app.tickets.services import acts
from app.tickets.services import messages as services
from app.tickets.talk import FOLLOWERS, MEGABYTES, STAFF, Message, pictures
from app.tickets.web import drafts
from app.tickets.web.blueprint import blueprint
from app.tickets.web.tracking import may_act, refused_page


@blueprint.post("/tickets/<int:ticket_id>/messages")
@upload(MEGABYTES)
@policy(may_act)
def messages(ticket_id: int) -> Any:
    """Write to the other side; refused, the page comes back with what was typed."""
    here = url_for("tickets.show", ticket_id=ticket_id)
    if not current_actor().signed_in:
        return drafts.to_sign_in(here)
    form = Form(Message)
    data = form.load(request.form, request.files)
    if data is not None:
        with form.heeding(Conflict):
            if data["to"] == STAFF:
                if data["photos"]:
                    raise Rejected(fields={"photos": _l("A note for the staff is words alone.")})
                acts.note(actor=current_actor(), now=clock.now(), ticket_id=ticket_id, text=data["text"])
            else:
                services.send_message(
                    actor=current_actor(),
                    now=clock.now(),
                    ticket_id=ticket_id,
                    text=data["text"],
                    to_followers=data["to"] == FOLLOWERS,
                    photos=pictures(data["photos"]),
                )
            return redirect(f"{here}#thread", 303)
    return refused_page(ticket_id, "message", form)
