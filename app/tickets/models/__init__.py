"""Tables of tickets: catalogue, tickets with their history, work orders with their offers, crews.

One file per matter; import the names from here. State columns are text with a CHECK generated from the transition
tables (`tickets.rules.workflow`), so that a state the rules do not know cannot be stored.
"""

from flask_babel import lazy_gettext as _l

from app.accounts import models as accounts_models
from app.core import references
from app.sites import models as sites_models
from app.sites.calendars import models as calendars_models
from app.tickets.models.bulk import BulkItem, BulkRun
from app.tickets.models.catalogue import Category, CategoryVersion, Trade
from app.tickets.models.crews import (
    Absence,
    Certificate,
    DutyRoster,
    Shift,
    TechnicianCertificate,
    TechnicianProfile,
    TechnicianTrade,
    TechnicianZone,
    Walk,
)
from app.tickets.models.duty import DutyCall
from app.tickets.models.feeds import CalendarFeed
from app.tickets.models.figures import FigureMark, FigureRow
from app.tickets.models.history import TicketEvent
from app.tickets.models.macros import Macro
from app.tickets.models.orders import Offer, OrderHelper, WorkOrder
from app.tickets.models.sla import Clock, Extension, SlaPolicy, SlaPolicyDraft, SlaPolicyVersion
from app.tickets.models.tickets import NumberCounter, Rating, Ticket, TicketFollower, TicketMerge
from app.tickets.models.views import DefaultView, SavedView

__all__ = [
    "Absence",
    "BulkItem",
    "BulkRun",
    "CalendarFeed",
    "Category",
    "CategoryVersion",
    "Certificate",
    "Clock",
    "DefaultView",
    "DutyCall",
    "DutyRoster",
    "Extension",
    "FigureMark",
    "FigureRow",
    "Macro",
    "NumberCounter",
    "Offer",
    "OrderHelper",
    "Rating",
    "SavedView",
    "Shift",
    "SlaPolicy",
    "SlaPolicyDraft",
    "SlaPolicyVersion",
    "TechnicianCertificate",
    "TechnicianProfile",
    "TechnicianTrade",
    "TechnicianZone",
    "Ticket",
    "TicketEvent",
    "TicketFollower",
    "TicketMerge",
    "Trade",
    "Walk",
    "WorkOrder",
    "accounts_models",  # what the relationships name
    "calendars_models",
    "sites_models",
]

references.declare(
    {
        "absence": _l("absence"),
        "bulk_run": _l("act on many orders"),
        "calendar_feed": _l("calendar subscription"),
        "category_version": _l("version of a category"),
        "default_view": _l("default view"),
        "duty_call": _l("duty call"),
        "duty_roster": _l("duty roster"),
        "offer": _l("offer of an order"),
        "order_helper": _l("helper on an order"),
        "saved_view": _l("saved view"),
        "shift": _l("shift"),
        "technician_certificate": _l("certificate of a technician"),
        "technician_profile": _l("technician"),
        "technician_trade": _l("trade of a technician"),
        "technician_zone": _l("zone of a technician"),
        "ticket": _l("repair request"),
        "ticket_event": _l("history of a repair request"),
        "ticket_extension": _l("more time for a repair request"),
        "ticket_follower": _l("follower of a repair request"),
        "ticket_merge": _l("merged repair requests"),
        "ticket_rating": _l("rating of a repair request"),
        "walk": _l("way between buildings"),
        "work_order": _l("work order"),
    }
)
