"""Notices over the API: read by everybody whom they concern, written by those with the right."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.core import clock
from app.core.errors import NotFound
from app.core.forms import id_in_address
from app.core.http import ApiBlueprint, accepts, answers, current_actor, no_body, policy, seen_version, signed_in
from app.core.http.api import json_answer, json_list
from app.core.http.dumping import compiled
from app.core.http.preconditions import etag
from app.portal import notice_words, policies
from app.portal.models import Notice
from app.portal.queries import notices as queries
from app.portal.queries import readers
from app.portal.rules.notices import Content, Kind, Utility
from app.portal.schemas import notices as schemas
from app.portal.services import notices as services
from app.sites import queries as sites

blueprint = ApiBlueprint("notices", __name__, description="Notices: planned outages, information, urgent news")

_notices = compiled(schemas.NoticeOut(), queries.NAMES)
_written = schemas.NoticeWritten()


@blueprint.route("/notices", methods=["GET"])
@accepts(blueprint, schemas.NoticeQuery, location="query")
@answers(blueprint, 200, schemas.NoticePage)
@policy(signed_in)
def list_notices(asked: dict[str, Any]) -> Response:
    """What concerns you now, newest first; `all=1` of every place, `state=over` what is over."""
    reader, now = readers.reader_of(current_actor()), clock.now()
    if asked["state"] == "over":
        page = queries.over(reader, now, cursor=asked["cursor"], limit=asked["limit"])
    else:
        page = queries.shown(reader, now, everywhere=asked["all"], cursor=asked["cursor"], limit=asked["limit"])
    return json_answer(json_list(_notices(page.items), page.next))


@blueprint.route("/notices/<string:notice_id>", methods=["GET"])
@answers(blueprint, 200, schemas.NoticeOut)
@policy(signed_in)
def show_notice(notice_id: str) -> Response:
    """One notice that is or was shown."""
    row = queries.one(current_actor(), id_in_address(notice_id), clock.now())
    if row is None:
        raise NotFound
    return json_answer(_notices([row])[0], headers={"ETag": etag(row.version)})


@blueprint.route("/notices/<string:notice_id>/read", methods=["POST"])
@answers(blueprint, 204)
@policy(signed_in)
def read_notice(notice_id: str) -> Any:
    """Note that you have read it."""
    actor = current_actor()
    row = queries.one(actor, id_in_address(notice_id), clock.now())
    if row is None or actor.id is None:
        raise NotFound
    services.note_read(person_id=actor.id, notice_id=row.id, version=row.version, now=clock.now())
    return no_body()


@blueprint.route("/notices", methods=["POST"])
@accepts(blueprint, schemas.NoticeIn)
@answers(blueprint, 201, schemas.NoticeWritten)
@policy(policies.write_notices)
def write_notice(sent: dict[str, Any]) -> Response:
    """A new draft."""
    content = notice_words.titled(_content(sent, None))
    return _answer(services.write(actor=current_actor(), now=clock.now(), content=content), 201)


@blueprint.route("/notices/<string:notice_id>", methods=["PATCH"])
@accepts(blueprint, schemas.NoticeChange)
@answers(blueprint, 200, schemas.NoticeWritten)
@policy(policies.write_notices)
def change_notice(sent: dict[str, Any], notice_id: str) -> Response:
    """Change a draft, or what people are told by a published notice."""
    again = sent.pop("tell_again")
    notice = _mine(notice_id, lock=True)  # what is not sent stays as it is now, not as it was a moment ago
    changed = services.change(
        actor=current_actor(),
        now=clock.now(),
        notice_id=notice.id,
        content=notice_words.titled(_content(sent, services.content_of(notice))),
        seen=seen_version(),
        again=again,
    )
    return _answer(changed)


@blueprint.route("/notices/<string:notice_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.write_notices)
def discard_notice(notice_id: str) -> Any:
    """Throw a draft away."""
    services.discard(
        actor=current_actor(), now=clock.now(), notice_id=_mine(notice_id).id, seen=seen_version(required=False)
    )
    return no_body()


@blueprint.route("/notices/<string:notice_id>/publish", methods=["POST"])
@answers(blueprint, 200, schemas.NoticeWritten)
@policy(policies.write_notices)
def publish_notice(notice_id: str) -> Response:
    """Show a draft to its readers."""
    notice = services.publish(
        actor=current_actor(), now=clock.now(), notice_id=_mine(notice_id).id, seen=seen_version()
    )
    return _answer(notice)


@blueprint.route("/notices/<string:notice_id>/end", methods=["POST"])
@answers(blueprint, 200, schemas.NoticeWritten)
@policy(policies.write_notices)
def end_notice(notice_id: str) -> Response:
    """Nobody is shown it any more."""
    notice = services.end(actor=current_actor(), now=clock.now(), notice_id=_mine(notice_id).id, seen=seen_version())
    return _answer(notice)


def _mine(notice_id: str, *, lock: bool = False) -> Notice:
    found = queries.for_writer(current_actor(), id_in_address(notice_id), lock=lock)
    if found is None:
        raise NotFound
    return found


def _content(sent: dict[str, Any], before: Content | None) -> Content:
    """What was sent over what was there."""
    given = {name: value for name, value in sent.items() if name not in ("kind", "utility", "place_ids", "roles")}
    if "kind" in sent:
        given["kind"] = Kind(sent["kind"])
    if "utility" in sent:
        given["utility"] = Utility(sent["utility"]) if sent["utility"] else None
    if "place_ids" in sent:
        given["places"] = tuple(sent["place_ids"])
    if "roles" in sent:
        given["roles"] = tuple(sent["roles"])
    if before is not None:
        return before.changed(given)
    return Content(**{"title": {}, "body": {}, **given})


def _answer(notice: Notice, status: int = 200) -> Response:
    content = services.content_of(notice)
    found = {
        **{name: getattr(notice, name) for name in _written.fields if hasattr(notice, name)},
        "place_ids": list(content.places),
        "audience": readers.count(content.places, content.roles, sites.today(clock.now())),
    }
    return json_answer(_written.dump(found), status, {"ETag": etag(notice.version)})
