"""Knowledge answers and duty contacts over the API."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from flask import Response
from flask_babel import lazy_gettext as _l

from app.core import clock
from app.core.errors import NotFound, Rejected
from app.core.forms import id_in_address
from app.core.http import ApiBlueprint, accepts, answers, current_actor, no_body, policy, seen_version, signed_in
from app.core.http.api import json_answer, json_list
from app.core.http.dumping import compiled
from app.core.http.preconditions import etag
from app.portal import policies
from app.portal.models import Answer
from app.portal.queries import answers as answer_queries
from app.portal.queries import contacts as contact_queries
from app.portal.schemas import desk as schemas
from app.portal.services import answers as answer_services
from app.portal.services.answers import ANSWERS, Written
from app.portal.services.contacts import CONTACTS, Entry
from app.portal.services.entries import Entries, Row

blueprint = ApiBlueprint("desk", __name__, description="What people can do themselves, and whom to call")

_answers = compiled(schemas.KnowledgeOut(), answer_queries.NAMES)
_contacts = compiled(schemas.ContactOut(), contact_queries.NAMES)
_written = schemas.KnowledgeWritten()


@blueprint.route("/answers", methods=["GET"])
@accepts(blueprint, schemas.KnowledgeQuery, location="query")
@answers(blueprint, 200, schemas.KnowledgePage)
@policy(signed_in)
def list_answers(asked: dict[str, Any]) -> Response:
    """What people can do themselves; with `q` the best fitting first."""
    page = answer_queries.find(asked["q"], category=asked["category"], cursor=asked["cursor"], limit=asked["limit"])
    return json_answer(json_list(_answers(page.items), page.next))


@blueprint.route("/answers/<string:answer_id>", methods=["GET"])
@answers(blueprint, 200, schemas.KnowledgeOut)
@policy(signed_in)
def show_answer(answer_id: str) -> Response:
    """One answer."""
    row = answer_queries.one(id_in_address(answer_id))
    if row is None:
        raise NotFound
    return json_answer(_answers([row])[0], headers={"ETag": etag(row.version)})


@blueprint.route("/answers/<string:answer_id>/vote", methods=["POST"])
@accepts(blueprint, schemas.VoteIn)
@answers(blueprint, 204)
@policy(signed_in)
def vote(sent: dict[str, Any], answer_id: str) -> Any:
    """Whether it helped you; your last word counts."""
    number = id_in_address(answer_id)
    answer_services.vote(actor=current_actor(), now=clock.now(), answer_id=number, helpful=sent["helpful"])
    return no_body()


@blueprint.route("/answers", methods=["POST"])
@accepts(blueprint, schemas.KnowledgeIn)
@answers(blueprint, 201, schemas.KnowledgeWritten)
@policy(policies.write_desk)
def write_answer(sent: dict[str, Any]) -> Response:
    """A new answer."""
    written = Written(**{"title": {}, "body": {}, **_tuples(sent)})
    return _answer(ANSWERS.write(written, actor=current_actor(), now=clock.now()), 201)


@blueprint.route("/answers/<string:answer_id>", methods=["PATCH"])
@accepts(blueprint, schemas.KnowledgeIn)
@answers(blueprint, 200, schemas.KnowledgeWritten)
@policy(policies.write_desk)
def change_answer(sent: dict[str, Any], answer_id: str) -> Response:
    """Change an answer."""
    return _answer(_changed(ANSWERS, answer_id, _tuples(sent)))


@blueprint.route("/answers/<string:answer_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.write_desk)
def close_answer(answer_id: str) -> Any:
    """Nobody is shown it any more."""
    return _closed(ANSWERS, answer_id)


def _changed(entries: Entries[Row, Any], address: str, given: dict[str, Any]) -> Row:
    """Change what is given of an entry. Raises NotFound, Stale, Rejected."""
    found = entries.open(id_in_address(address), lock=True)  # what is not sent stays as it is now
    text = replace(entries.text_of(found), **given)
    return entries.change(found.id, text, actor=current_actor(), now=clock.now(), seen=seen_version())


def _closed(entries: Entries[Any, Any], address: str) -> Any:
    seen = seen_version(required=False)
    entries.close(id_in_address(address), actor=current_actor(), now=clock.now(), seen=seen)
    return no_body()


def _tuples(sent: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in sent.items()}


def _answer(answer: Answer, status: int = 200) -> Response:
    found = {"id": answer.id, "version": answer.version, **asdict(answer_services.written_of(answer))}
    return json_answer(_written.dump(found), status, {"ETag": etag(answer.version)})


@blueprint.route("/contacts", methods=["GET"])
@accepts(blueprint, schemas.ContactQuery, location="query")
@answers(blueprint, 200, schemas.ContactPage)
@policy(signed_in)
def list_contacts(asked: dict[str, Any]) -> Response:
    """Whom to call, the emergency numbers first; all of them, at most 300."""
    return json_answer(json_list(_contacts(contact_queries.all_of(asked["campus"])), None))


@blueprint.route("/contacts", methods=["POST"])
@accepts(blueprint, schemas.ContactIn)
@answers(blueprint, 201, schemas.ContactOut)
@policy(policies.write_desk)
def write_contact(sent: dict[str, Any]) -> Response:
    """A new contact."""
    if "phone" not in sent:
        raise Rejected(fields={"phone": _l("Please fill this in.")})
    entry = Entry(**{"name": {}, "purpose": {}, "hours": {}, **sent})
    return _contact(CONTACTS.write(entry, actor=current_actor(), now=clock.now()).id, 201)


@blueprint.route("/contacts/<string:contact_id>", methods=["PATCH"])
@accepts(blueprint, schemas.ContactIn)
@answers(blueprint, 200, schemas.ContactOut)
@policy(policies.write_desk)
def change_contact(sent: dict[str, Any], contact_id: str) -> Response:
    """Change a contact."""
    return _contact(_changed(CONTACTS, contact_id, sent).id)


@blueprint.route("/contacts/<string:contact_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.write_desk)
def close_contact(contact_id: str) -> Any:
    """Nobody is told to call it any more."""
    return _closed(CONTACTS, contact_id)


def _contact(contact_id: int, status: int = 200) -> Response:
    row = contact_queries.one(contact_id)
    return json_answer(_contacts([row])[0], status, {"ETag": etag(row.version)})
