"""Memberships a list of people has ended and that are given back: they go on, as if they had never ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import text

from app.audit import queries as log
from app.core.db import current_institution, db
from app.sites import queries as places

_GO_ON = text(
    """
    UPDATE org_membership SET during = daterange(lower(during), least(back.until, (
        SELECT min(lower(other.during)) FROM org_membership other
        WHERE other.institution_id = :institution AND other.person_id = back.person_id
          AND other.org_unit_id = back.unit_id AND NOT isempty(other.during) AND lower(other.during) >= :since)))
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS back (person_id bigint, unit_id bigint, until date)
    WHERE org_membership.institution_id = :institution AND org_membership.person_id = back.person_id
      AND org_membership.org_unit_id = back.unit_id AND NOT isempty(during) AND upper(during) = :since
    """
)


def go_on(rows: Sequence[dict[str, Any]], batch_id: int) -> None:
    """What ended on the day the list was written ends when it would have by itself (`until`).

    Where somebody has put her into the same unit anew since, what he wrote stands, and it goes on until then.
    """
    written = log.latest("import", batch_id, ["person.import"])
    if rows and written is not None:
        since, given = places.today(written.at), orjson.dumps(rows).decode()
        db.session.execute(_GO_ON, {"institution": current_institution(), "rows": given, "since": since})
