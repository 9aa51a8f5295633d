"""The priority matrix over the API."""

from __future__ import annotations

from typing import Any

from app.core import clock
from app.core.http import accepts, answers, current_actor, policy, seen_version, versioned
from app.tickets import policies
from app.tickets.api.answering import blueprint
from app.tickets.schemas import priority_matrix as schemas
from app.tickets.services import priority_matrix as services
from app.tickets.services.priorities import matrix


def _shown() -> Any:
    last = services.last_change()
    rows = {impact: list(row) for impact, row in matrix().items()}
    return versioned({"rows": rows, "version": last.version, "changed_at": last.at}, last.version)


@blueprint.route("/priority-matrix", methods=["GET"])
@answers(blueprint, 200, schemas.MatrixOut)
@policy(policies.may_read_policies)
def priority_matrix() -> Any:
    """Which priority a request gets, by how far it reaches and how urgent it was said to be"""
    return _shown()


@blueprint.route("/priority-matrix", methods=["PUT"])
@accepts(blueprint, schemas.MatrixIn)
@answers(blueprint, 200, schemas.MatrixOut)
@policy(policies.may_edit_policies)
def set_priority_matrix(sent: dict[str, Any]) -> Any:
    """Change the matrix, with a reason; for requests reported or corrected from now on"""
    services.set_matrix(
        actor=current_actor(), now=clock.now(), given=sent["rows"], reason=sent["reason"], seen=seen_version()
    )
    return _shown()
