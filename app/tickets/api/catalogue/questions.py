"""The questions of a category over the API: a draft of all of them, and publishing it."""

from __future__ import annotations

from typing import Any

from app.core import clock
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, no_body, policy, seen_tag, versioned
from app.tickets import policies
from app.tickets.api.catalogue.entry import blueprint
from app.tickets.queries import catalogue_pages as queries
from app.tickets.schemas.catalogue import questions as schemas
from app.tickets.services import category_versions as services


@blueprint.route("/catalogue/categories/<string:category_id>/questions", methods=["GET"])
@answers(blueprint, 200, schemas.QuestionsOut)
@policy(policies.may_edit_catalogue)
def show_questions(category_id: str) -> Any:
    """What a category asks, as its editors see it: the draft, else what reporters are asked"""
    return _answer(id_in_address(category_id))


@blueprint.route("/catalogue/categories/<string:category_id>/questions", methods=["PUT"])
@accepts(blueprint, schemas.QuestionsIn)
@answers(blueprint, 200, schemas.QuestionsOut)
@policy(policies.may_edit_catalogue)
def draft_questions(sent: dict[str, Any], category_id: str) -> Any:
    """Draft all questions of a category, in their order; reporters meet them once they are published

    What says the same as the version in force is no draft.
    """
    number = id_in_address(category_id)
    services.set_questions(
        actor=current_actor(), now=clock.now(), category_id=number, seen=seen_tag(), wanted=sent["questions"]
    )
    return _answer(number)


@blueprint.route("/catalogue/categories/<string:category_id>/questions", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.may_edit_catalogue)
def discard_questions(category_id: str) -> Any:
    """Forget the draft: reporters go on being asked what they are asked now"""
    number, seen = id_in_address(category_id), seen_tag(required=False)
    services.discard(actor=current_actor(), now=clock.now(), category_id=number, seen=seen)
    return no_body()


@blueprint.route("/catalogue/categories/<string:category_id>/questions/publish", methods=["POST"])
@answers(blueprint, 200, schemas.QuestionsOut)
@policy(policies.may_edit_catalogue)
def publish_questions(category_id: str) -> Any:
    """From now on reporters are asked what the draft says; 409: there is none"""
    number = id_in_address(category_id)
    services.publish(actor=current_actor(), now=clock.now(), category_id=number, seen=seen_tag())
    return _answer(number)


def _answer(category_id: int) -> Any:
    """The questions of a category as its editors see them, with their tag. Raises NotFound."""
    category = queries.askable(category_id)
    questions = [each.to_data() for each in services.questions(category)]
    shown = {"version": category.version, "drafted": category.draft is not None, "questions": questions}
    return versioned(shown, services.mark(category))
