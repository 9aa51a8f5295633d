"""Whose crew a row of a figure is: that of the holder at done, on that day (tickets-rules 34).

Who was of which crew when is read once for a report and joined to its rows: a look-up for each of a year's rows costs
more than reading them.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import select

from app.accounts.models import CrewMember
from app.core.db import db
from app.tickets.rules.crews import Period, counted

JOINED: Final = """
    LEFT JOIN unnest(:crew_people, :crew_ids, :crew_since, :crew_until) AS crew (person_id, crew_id, since, ends)
        ON crew.person_id = r.holder_id AND crew.since <= r.held_on AND crew.ends > r.held_on"""
"""What joins `crew.crew_id` to rows `r`; `known` gives the values it asks for."""


def known() -> dict[str, Any]:
    """The periods of everybody who is or was of a crew, as the parameters of `JOINED`. One statement."""
    rows = db.session.execute(
        select(CrewMember.person_id, CrewMember.crew_id, CrewMember.valid_from, CrewMember.valid_to)
    )
    members = (Period(row.person_id, row.crew_id, row.valid_from or date.min, row.valid_to or date.max) for row in rows)
    periods = counted(members)
    return {
        "crew_people": [each.person_id for each in periods],
        "crew_ids": [each.crew_id for each in periods],
        "crew_since": [each.since for each in periods],
        "crew_until": [each.until for each in periods],
    }
