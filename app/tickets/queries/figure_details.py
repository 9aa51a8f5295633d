"""What one row behind a figure is made of: since when it counts, what was promised, who closed it, how many visits.

Read for the rows that are shown alone, after the list is cut to its page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.tickets.rules.figures import Figure


@dataclass(frozen=True, slots=True)
class Details:
    """Columns of a row `r`, by name, and what is joined for them."""

    columns: dict[str, str]
    joins: str = ""


_CLOCK: Final = Details({"began": "k.started_at", "due": "k.due_at"}, "JOIN sla_clock k ON k.id = r.row_id")
_RESTORE: Final = Details(
    {"began": "k.started_at", "due": "k.due_at"},
    """JOIN sla_clock k ON k.owner_kind = 'ticket' AND k.owner_id = r.ticket_id AND k.kind = 'restore'
        AND k.cycle = r.cycle""",
)
# 24: each promise as it was told, and when; one may have run out before the next was told
_PROMISES: Final = Details(
    {"told": "promise.told", "promised": "promise.promised", "not_fixed": "r.not_fixed > 0"},
    """LEFT JOIN LATERAL (
        SELECT array_agg(e.at ORDER BY e.id) AS told,
            array_agg(CAST(e.data ->> 'until' AS timestamptz) ORDER BY e.id) AS promised
        FROM ticket_event e
        WHERE e.ticket_id = r.ticket_id AND e.cycle = r.cycle AND e.kind = 'promise' AND e.id < r.row_id
    ) promise ON true""",
)
_RATED: Final = Details(
    {"quality": "rating.quality", "speed": "rating.speed", "manner": "rating.manner"},
    """LEFT JOIN LATERAL (
        SELECT g.quality, g.speed, g.manner
        FROM ticket_rating g
        WHERE g.ticket_id = r.ticket_id AND g.cycle = r.cycle
        ORDER BY g.at DESC, g.id DESC
        LIMIT 1
    ) rating ON true""",
)
_REOPENED: Final = Details(
    {"said_at": "said.at"},
    """LEFT JOIN LATERAL (
        SELECT min(e.at) AS at
        FROM ticket_event e
        WHERE e.ticket_id = r.ticket_id AND e.cycle = r.cycle + 1 AND e.kind = 'not_fixed'
    ) said ON true""",
)
_REASSIGNED: Final = Details(
    {"given_back": "moves.given_back", "given_on": "moves.given_on"},
    """LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE e.kind = 'give_back') AS given_back,
            count(*) FILTER (WHERE e.kind = 'reassign') AS given_on
        FROM ticket_event e
        WHERE e.order_id = r.order_id AND e.kind IN ('give_back', 'reassign')
    ) moves ON true""",
)
_OFFERS: Final = Details(
    {"accepted": "r.taken", "declined": "ended.declined", "expired": "ended.expired"},
    """LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE f.outcome = 'declined') AS declined,
            count(*) FILTER (WHERE f.outcome = 'expired') AS expired
        FROM offer f
        WHERE f.order_id = r.order_id
    ) ended ON true""",
)
DETAILS: Final[dict[Figure, Details]] = {
    Figure.RESPOND: _CLOCK,
    Figure.DISPATCH: _CLOCK,
    Figure.ARRIVE: _CLOCK,
    Figure.RESTORE: _RESTORE,
    Figure.MTTR: _RESTORE,
    Figure.TOTAL: Details({"began": "t.filed_at"}),
    Figure.FIRST_TIME: Details({"visits": "r.visits", "not_fixed": "r.named"}),
    Figure.IN_VAIN: Details({"visits": "r.visits", "trips": "r.in_vain"}),
    Figure.PROMISES: _PROMISES,
    Figure.SATISFACTION: _RATED,
    Figure.REOPENED: _REOPENED,
    Figure.BY_DEFAULT: Details({"ending": "r.kind"}),
    Figure.FILED: Details({"origin": "t.origin"}),
    Figure.DUPLICATES: Details(
        {"way": "CASE WHEN r.kind = 'file' AND r.status = 'duplicate' THEN 'merge' ELSE r.kind END"}
    ),
    Figure.REASSIGNED: _REASSIGNED,
    Figure.OFFERS: _OFFERS,
}
