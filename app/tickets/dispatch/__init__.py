"""The dispatcher's pages: what is open and who could take it; and what dispatch needs: technicians, duty, catalogue."""

from app.tickets.dispatch import (
    acts,
    board,
    calls,
    catalogue,
    duty,
    fairness,
    foresight,
    macros,
    many,
    more_time,
    opening,
    pages,
    priorities,
    questions,
    ranking_data,
    runs,
    sla_policies,
    technicians,
    views,
    week_grid,
)
from app.tickets.dispatch.entry import blueprint

BLUEPRINTS = (
    blueprint,
    calls.blueprint,
    more_time.blueprint,
    technicians.blueprint,
    catalogue.blueprint,
    sla_policies.blueprint,
)

__all__ = [
    "BLUEPRINTS",
    "acts",
    "blueprint",
    "board",
    "calls",
    "catalogue",
    "duty",
    "fairness",
    "foresight",
    "macros",
    "many",
    "more_time",
    "opening",
    "pages",
    "priorities",
    "questions",
    "ranking_data",
    "runs",
    "sla_policies",
    "technicians",
    "views",
    "week_grid",
]
