"""The life of a batch, as data: which state follows which, by whose hand.

uploaded -> asking -> uploaded            the encoding had to be asked
uploaded -> mapping -> planning           the columns are chosen
planning -> planned | waiting | known     the dry run; "waiting" for another person, "known" with nothing to write
planned | waiting -> applying -> applied  ordered or approved
applying -> planned | waiting             what the plan touches had changed: planned anew, decided anew
applying -> failed                        a constraint stands against it, though nothing has changed
applied -> undoing -> undone | applied    taken back, or not where something depends on it
any stage before "applying" -> withdrawn | returned | failed
"""

from __future__ import annotations

from datetime import datetime, timedelta

STATES = (
    "uploaded", "asking", "mapping", "planning", "planned", "waiting", "known",
    "applying", "applied", "undoing", "undone", "returned", "withdrawn", "failed",
)  # fmt: skip
SOURCES = ("web", "api", "cli")

RUNNING = frozenset({"uploaded", "planning", "applying", "undoing"})
"""A job is at work or about to be: pages poll."""
OPEN = frozenset({"asking", "mapping", "planned", "waiting"})
"""Waits for a person."""
ENDED = frozenset({"known", "undone", "returned", "withdrawn", "failed"})
NEVER_READ_AGAIN = ENDED | {"applied"}
"""The uploaded file goes: it may hold what must not be kept."""

MOVES: dict[str, frozenset[str]] = {
    "uploaded": frozenset({"asking", "mapping", "failed", "withdrawn"}),
    "asking": frozenset({"uploaded", "withdrawn"}),
    "mapping": frozenset({"planning", "uploaded", "withdrawn"}),
    "planning": frozenset({"planned", "waiting", "known", "failed"}),
    "planned": frozenset({"applying", "mapping", "planning", "withdrawn"}),
    "waiting": frozenset({"applying", "mapping", "planning", "returned", "withdrawn"}),
    "known": frozenset(),
    "applying": frozenset({"applied", "planned", "waiting", "known", "failed"}),
    "applied": frozenset({"undoing"}),
    "undoing": frozenset({"undone", "applied"}),
    "undone": frozenset(),
    "returned": frozenset(),
    "withdrawn": frozenset(),
    "failed": frozenset(),
}

FRESH_FOR = timedelta(hours=24)
"""A plan older than this is run again before it may be applied."""
UNDO_FOR = timedelta(hours=24)
"""How long an applied batch may be taken back."""
KEEP_OPEN_FOR = timedelta(days=30)
"""A batch nobody decides on is withdrawn after this, and its file deleted."""


def may_move(old: str, new: str) -> bool:
    """Whether the life of a batch knows this step."""
    return new in MOVES[old]


def plan_is_fresh(planned_at: datetime | None, now: datetime) -> bool:
    """Whether a plan may still be decided on."""
    return planned_at is not None and now - planned_at < FRESH_FOR


def may_be_undone(state: str, applied_at: datetime | None, now: datetime) -> bool:
    """Whether the time for taking back has not run out."""
    return state == "applied" and applied_at is not None and now - applied_at < UNDO_FOR


def after_plan(counts: dict[str, int], *, approval: bool) -> str:
    """The state a finished dry run leads to."""
    if not counts["new"] + counts["changed"] + counts["missing"]:
        return "known"
    return "waiting" if approval else "planned"
