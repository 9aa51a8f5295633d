"""Tables of tickets: catalogue, tickets with their history, work orders with their offers, crews.

One file per matter; import the names from here. State columns are text with a CHECK generated from the transition
tables (`tickets.rules.workflow`), so that a state the rules do not know cannot be stored.
"""

from app.accounts import models as accounts_models
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
