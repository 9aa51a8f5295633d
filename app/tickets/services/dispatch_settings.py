"""The institution's choices for dispatch: times of offers, weights and bounds of the score (tickets-rules 38–42)."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.core import settings
from app.tickets.rules.dispatching import USUAL_WEIGHTS, Criterion, DispatchSettings
from app.tickets.rules.duty import REPEAT_MINUTES

settings.declare(
    "tickets.offer_minutes",
    10,
    kind=int,
    low=1,
    high=120,
    unit="min",
    words=_l("How long an offer waits for its answer"),
)
settings.declare(
    "tickets.emergency_offer_minutes",
    3,
    kind=int,
    low=1,
    high=60,
    unit="min",
    words=_l("How long an offer of an emergency waits for its answer"),
)
settings.declare(
    "tickets.refusals_before_duty_lead",
    3,
    kind=int,
    low=1,
    high=20,
    words=_l("After how many offers not taken (declined or unanswered) the duty lead is called"),
)
settings.declare(
    "tickets.duty_repeat_minutes",
    REPEAT_MINUTES,
    kind=int,
    low=1,
    high=60,
    unit="min",
    words=_l("How often the duty lead is called again until somebody answers"),
)
settings.declare(
    "tickets.fallback_role",
    "dispatcher",
    kind=str,
    choices=("dispatcher", "supervisor", "dutylead", "admin"),
    words=_l("The role that is responsible where no duty lead is named"),
)
settings.declare(
    "tickets.walk_bound",
    30,
    kind=int,
    low=1,
    high=240,
    unit="min",
    words=_l("From how long a walk on the distance counts nothing in the ranking"),
)
settings.declare(
    "tickets.load_bound",
    480,
    kind=int,
    low=10,
    high=10_000,
    unit="min",
    words=_l("From how much planned work in hand on the load counts nothing in the ranking"),
)

_WEIGHTS = {
    Criterion.SKILL: _l("Weight of skill in the ranking"),
    Criterion.DISTANCE: _l("Weight of distance in the ranking"),
    Criterion.LOAD: _l("Weight of load in the ranking"),
    Criterion.REST_OF_SHIFT: _l("Weight of the rest of the shift in the ranking"),
    Criterion.SAME_BUILDING: _l("Weight of being in the same building in the ranking"),
    Criterion.VISITED: _l("Weight of having been there for the same fault in the ranking"),
}
for _criterion, _words in _WEIGHTS.items():
    settings.declare(
        f"tickets.weight_{_criterion.value}", USUAL_WEIGHTS[_criterion], kind=int, low=0, high=100, words=_words
    )


def present() -> DispatchSettings:
    """The choices as they are now."""
    return DispatchSettings(
        offer_minutes=settings.get("tickets.offer_minutes"),
        emergency_offer_minutes=settings.get("tickets.emergency_offer_minutes"),
        refusals_before_duty_lead=settings.get("tickets.refusals_before_duty_lead"),
        weights={each: settings.get(f"tickets.weight_{each.value}") for each in Criterion},
        walk_minutes=settings.get("tickets.walk_bound"),
        load_minutes=settings.get("tickets.load_bound"),
    )
