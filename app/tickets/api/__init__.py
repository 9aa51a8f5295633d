"""The API of tickets (contract.md), one module per matter; what no other blueprint is named for is on one.

- `accepting`: finished work that waits for a third party
- `answering`: the blueprint, and one ticket or order as every module answers it
- `bulk`: many orders at once
- `bulk_runs`: the same to more than a request does
- `catalogue`: what can be reported; its editors have a blueprint of their own
- `clocks`: how clocks stand and why, priorities, more time
- `duty`: calls of the duty lead
- `fairness`, `figures`, `open_figures`: the reports
- `macros`: what one click does to orders
- `messages`: between reporter, crew and desk
- `evidence`: what the work has to show
- `hands`: helpers, and the approval of proposed orders
- `pool`: orders whoever is first may take
- `planning`: technicians, their hours, duty leads, certificates, ways on foot; a blueprint of its own
- `priority_matrix`: which priority a request gets
- `publishing`: letting anybody read a request
- `ranking`: why somebody is chosen, and the dry run
- `urging`: the reporter reminds
- `sla_policies`: what is promised, and publishing it anew
- `saved_views`: filters of list and board kept under a name
- `tickets`: tickets, work orders and their photos
- `windows`: another time after nobody was in
- `incidents`: one fault with several reporters, and what staff corrects
"""

from flask_babel import lazy_gettext as _l

from app.audit import labels
from app.tickets.api import (
    accepting,
    bulk,
    bulk_runs,
    catalogue,
    clocks,
    duty,
    evidence,
    fairness,
    figures,
    hands,
    incidents,
    macros,
    messages,
    open_figures,
    planning,
    pool,
    priority_matrix,
    publishing,
    ranking,
    saved_views,
    sla_policies,
    tickets,
    urging,
    windows,
)
from app.tickets.api.answering import blueprint

labels.declare(
    calls={
        "work-orders": _l("Work orders"),
        "saved-views": _l("Views"),
        "macros": _l("Macros"),
        "extensions": _l("More time"),
        "sla-policies": _l("Service levels"),
        "priority-matrix": _l("Priority matrix"),
        "categories": _l("Categories"),
        "visit-windows": _l("Visit windows"),
        "technicians": _l("Technicians"),
        "week-plan": _l("Shifts of the week"),
        "duty-roster": _l("Duty leads"),
        "certificates": _l("Certificates"),
        "catalogue": _l("Catalogue"),
    }
)

BLUEPRINTS = (blueprint, catalogue.blueprint, planning.blueprint)

__all__ = [
    "BLUEPRINTS",
    "accepting",
    "blueprint",
    "bulk",
    "bulk_runs",
    "catalogue",
    "clocks",
    "duty",
    "evidence",
    "fairness",
    "figures",
    "hands",
    "incidents",
    "macros",
    "messages",
    "open_figures",
    "planning",
    "pool",
    "priority_matrix",
    "publishing",
    "ranking",
    "saved_views",
    "sla_policies",
    "tickets",
    "urging",
    "windows",
]
