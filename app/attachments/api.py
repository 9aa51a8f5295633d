"""Photos in the API: how far one is, and its picture. They are sent to what they belong to (`POST …/photos`)."""

from __future__ import annotations

from typing import Any

from app.attachments import policies, queries, schemas, serving
from app.attachments.models import Attachment
from app.core.errors import NotFound
from app.core.forms import parse_id
from app.core.http import ApiBlueprint, accepts, answers, current_actor, policy, signed_in

blueprint = ApiBlueprint("attachments", __name__, description="Photos of tickets and work orders")


def _visible(given: str) -> Attachment:
    number = parse_id(given)
    found = queries.by_id(number) if number is not None else None
    if found is None or not policies.may_view(current_actor(), found):
        raise NotFound
    return found


@blueprint.route("/attachments/<attachment_id>", methods=["GET"])
@answers(blueprint, 200, schemas.AttachmentOut)
@policy(signed_in)
def attachment(attachment_id: str) -> dict[str, Any]:
    """One photo's state and measures."""
    return schemas.as_item(_visible(attachment_id))


@blueprint.route("/attachments/<attachment_id>/content", methods=["GET"])
@accepts(blueprint, schemas.ContentQuery, location="query")
@answers(blueprint, 200, description="image/webp")
@policy(signed_in)
def content(asked: dict[str, Any], attachment_id: str) -> Any:
    """The picture (WebP) or its thumbnail; 404 until it is ready."""
    return serving.serve(_visible(attachment_id), asked["size"])
