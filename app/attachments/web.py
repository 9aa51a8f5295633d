"""Photos over signed links."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from app.attachments import links, policies, queries, serving
from app.core import clock
from app.core.errors import NotFound
from app.core.http import anyone, current_actor, policy, problems

blueprint = Blueprint("attachments", __name__)


@blueprint.get("/files/<token>")
@policy(anyone)
def file(token: str) -> Any:
    """One photo: shown in the page, or with `?download=1` as a file.

    A link that is over, a photo not yet prepared and one the reader may not see are all 404; without sign-in what
    was published is shown, for the rest the sign-in comes first.
    """
    found = links.read(token, clock.now())
    attachment = queries.by_id(found[0]) if found else None
    if found is None or attachment is None:
        raise NotFound
    if not policies.may_view(current_actor(), attachment):
        if not current_actor().signed_in:
            return problems.sign_in_first()
        raise NotFound
    return serving.serve(attachment, found[1], download=request.args.get("download") == "1")
