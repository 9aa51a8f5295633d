"""The own inbox over the API."""

from __future__ import annotations

from typing import Any

from app.core import clock
from app.core.errors import NotFound
from app.core.http import ApiBlueprint, accepts, answers, current_actor, json_list, policy
from app.notifications import policies, queries, rendering, services
from app.notifications.models import Notification
from app.notifications.schemas import InboxQuery, InboxSchema, NotificationSchema

blueprint = ApiBlueprint("notifications", __name__, description="What you were told")


def _me() -> int:
    person_id = current_actor().id
    if person_id is None:
        raise NotFound
    return person_id


def _plain(line: Notification) -> dict[str, Any]:
    return {
        "id": line.id,
        "kind": line.kind,
        "text": rendering.line(line.kind, line.data),
        "link": line.link,
        "created_at": line.created_at,
        "read_at": line.read_at,
    }


@blueprint.route("/notifications", methods=["GET"])
@accepts(blueprint, InboxQuery, location="query")
@answers(blueprint, 200, InboxSchema, description="The own inbox, newest first")
@policy(policies.own)
def inbox(query: dict[str, Any]) -> Any:
    """The own inbox"""
    page = queries.inbox(_me(), query["cursor"], query["limit"], unread=query["unread"])
    return json_list([_plain(each) for each in page.items], page.next)


@blueprint.route("/notifications/<int:notification_id>/read", methods=["POST"])
@answers(blueprint, 200, NotificationSchema, description="The line, now read")
@policy(policies.own)
def read(notification_id: int) -> Any:
    """Note that a line was seen"""
    return _plain(services.mark_read(_me(), notification_id, clock.now()))
