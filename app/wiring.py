"""The one module that knows every area: blueprints, subscribers, periodic jobs, importers, commands.

Read it as a table of contents: what the product consists of, who reacts to what, what runs in the background.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from app.accounts import api as accounts_api
from app.accounts import cli as accounts_cli
from app.accounts import handlers as accounts_handlers
from app.accounts import importer as accounts_importer
from app.accounts import refusals as accounts_refusals
from app.accounts import unit_importer as accounts_unit_importer
from app.accounts import web as accounts_web
from app.attachments import api as attachments_api
from app.attachments import handlers as attachments_handlers
from app.attachments import policies as attachments_policies
from app.attachments import web as attachments_web
from app.audit import web as audit_web
from app.core import backup, catalogue, deliveries, doctor, factory
from app.core.outbox import Event, Subscribers, Subscription
from app.core.pages import Panel
from app.core.periodic import Periodic
from app.events import feedback as feedback_events
from app.events import imports as import_events
from app.events.accounts import SignInTraceDue
from app.events.attachments import AttachmentReceived, AttachmentSweepDue
from app.events.notices import NoticeOver, NoticePublished
from app.events.notifications import MailDue, WebhookDue
from app.events.operations import HousekeepingDue, OperationsWatched
from app.events.sites import CalendarPublished
from app.events.tickets import clocks as clock_events
from app.events.tickets import dispatch as dispatch_events
from app.events.tickets import duty as duty_events
from app.events.tickets import orders as order_events
from app.events.tickets import tickets as ticket_events
from app.events.tickets import visits as visit_events
from app.imports import api as imports_api
from app.imports import cli as imports_cli
from app.imports import handlers as imports_handlers
from app.imports import jobs as imports_jobs
from app.imports import registry as imports_registry
from app.imports import web as imports_web
from app.navigation import NAVIGATION
from app.notifications import api as notifications_api
from app.notifications import handlers as notifications_handlers
from app.notifications import web as notifications_web
from app.notifications.webhooks import api as webhooks_api
from app.notifications.webhooks import handlers as webhooks_handlers
from app.notifications.webhooks import models as webhooks_models
from app.notifications.webhooks import services as webhooks_services
from app.notifications.webhooks import web as webhooks_web
from app.portal import api as portal_api
from app.portal import models as portal_models
from app.portal import web as portal_web
from app.portal.demo import command as demo_command
from app.portal.handlers import feedback as feedback_handlers
from app.portal.handlers import notices as notice_handlers
from app.portal.handlers import operations as portal_handlers
from app.portal.web import hints as portal_hints
from app.sites import api as sites_api
from app.sites import importer as sites_importer
from app.sites import web as sites_web
from app.sites.calendars import api as calendars_api
from app.sites.calendars import models as calendars_models
from app.sites.calendars import pages as calendars_web
from app.tickets import api as tickets_api
from app.tickets import bulk_job as tickets_bulk_job
from app.tickets import cli as tickets_cli
from app.tickets import crew as tickets_crew
from app.tickets import dispatch as tickets_dispatch
from app.tickets import handlers as tickets_handlers
from app.tickets import hooks as tickets_hooks
from app.tickets import models as tickets_models
from app.tickets import open311 as tickets_open311
from app.tickets import reports as tickets_reports
from app.tickets import settling_job as tickets_settling_job
from app.tickets import unlisted_job as tickets_unlisted_job
from app.tickets import web as tickets_web
from app.tickets.notices import acceptance as told_of_acceptance
from app.tickets.notices import clocks as told_of_clocks
from app.tickets.notices import duty as told_of_duty
from app.tickets.notices import orders as told_of_orders
from app.tickets.notices import runs as told_of_runs
from app.tickets.notices import tickets as told_of_tickets
from app.tickets.notices import visits as told_of_visits
from app.tickets.queries import viewer as tickets_viewer

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint, Flask

    from app.core.importing import Importer
    from config import Config

# imported for their tables: areas without routes of their own
MODELS = (calendars_models, portal_models, tickets_models, webhooks_models)

WEB: tuple[Blueprint, ...] = (
    accounts_web.blueprint,
    attachments_web.blueprint,
    audit_web.blueprint,
    calendars_web.blueprint,
    imports_web.blueprint,
    notifications_web.blueprint,
    *portal_web.BLUEPRINTS,
    sites_web.blueprint,
    tickets_crew.blueprint,
    *tickets_dispatch.BLUEPRINTS,
    tickets_open311.blueprint,
    tickets_reports.blueprint,
    webhooks_web.blueprint,
    tickets_web.blueprint,
)

API: tuple[Any, ...] = (
    attachments_api.blueprint,
    *accounts_api.BLUEPRINTS,
    calendars_api.blueprint,
    imports_api.blueprint,
    notifications_api.blueprint,
    *portal_api.BLUEPRINTS,
    sites_api.blueprint,
    *tickets_api.BLUEPRINTS,
    webhooks_api.blueprint,
)


def _told(handler: Callable[..., None]) -> Subscription:
    """Somebody is told of it, by a handler such as `tickets.notices.orders.on_taken`, on the queue for notices."""
    return Subscription(f"notifications.{handler.__name__}", handler, queue="notices")


REACTIONS: dict[type[Event], tuple[Subscription, ...]] = {
    SignInTraceDue: (Subscription("accounts.sweep", accounts_handlers.sweep, queue="notices"),),
    AttachmentReceived: (
        Subscription("attachments.reencode", attachments_handlers.reencode, queue="long", stepwise=True),
    ),
    import_events.ImportUploaded: (Subscription("imports.look", imports_jobs.look, queue="long", stepwise=True),),
    import_events.DryRunOrdered: (Subscription("imports.plan", imports_jobs.plan, queue="long", stepwise=True),),
    import_events.ImportOrdered: (Subscription("imports.apply", imports_jobs.apply, queue="long", stepwise=True),),
    import_events.UndoOrdered: (Subscription("imports.undo", imports_jobs.undo, queue="long", stepwise=True),),
    import_events.ImportsTidied: (Subscription("imports.tidy", imports_jobs.tidy, queue="notices"),),
    import_events.ImportSettled: (
        _told(notifications_handlers.import_settled),
        _told(imports_handlers.ask_approvers),
    ),
    MailDue: (Subscription("notifications.mail", notifications_handlers.send_mail, queue="notices", stepwise=True),),
    dispatch_events.OrderQueued: (Subscription("tickets.on_order_queued", tickets_handlers.on_order_queued),),
    dispatch_events.OfferExpired: (Subscription("tickets.on_offer_expired", tickets_handlers.on_offer_expired),),
    dispatch_events.OfferEnded: (
        Subscription("tickets.on_offer_ended", tickets_handlers.on_somebody_freed),
        _told(told_of_orders.on_offer_ended),
    ),
    order_events.OrderReleased: (
        Subscription("tickets.on_order_released", tickets_handlers.on_somebody_freed),
        _told(told_of_orders.on_released),
    ),
    ticket_events.TicketFiled: (_told(told_of_tickets.on_filed),),
    ticket_events.TicketStatusChanged: (_told(told_of_tickets.on_status),),
    ticket_events.TicketNotFixed: (_told(told_of_tickets.on_not_fixed),),
    ticket_events.AcceptanceAsked: (_told(told_of_acceptance.on_asked),),
    ticket_events.AcceptanceOver: (_told(told_of_acceptance.on_over),),
    ticket_events.ContactPassed: (_told(told_of_tickets.on_contact_passed),),
    ticket_events.LeaversDue: (Subscription("tickets.on_leavers_due", tickets_handlers.on_leavers_due, stepwise=True),),
    ticket_events.TicketUrged: (_told(told_of_tickets.on_urged),),
    ticket_events.MessageWritten: (_told(told_of_tickets.on_message),),
    ticket_events.TicketReclassified: (_told(told_of_tickets.on_reclassified),),
    ticket_events.ReporterChanged: (_told(told_of_tickets.on_reporter_changed),),
    ticket_events.AnswerReminded: (_told(told_of_tickets.on_reminded),),
    dispatch_events.OfferMade: (_told(told_of_orders.on_offer),),
    order_events.OrderAccepted: (_told(told_of_orders.on_taken),),
    order_events.OrderOnTheWay: (_told(told_of_orders.on_the_way),),
    visit_events.CallBackAsked: (_told(told_of_visits.on_call_back_asked),),
    visit_events.CallBackAnswered: (_told(told_of_visits.on_call_back_answered),),
    visit_events.WindowChosen: (_told(told_of_visits.on_window),),
    order_events.OrderOnHold: (_told(told_of_orders.on_hold),),
    duty_events.DutyLeadCalled: (_told(told_of_duty.on_lead_called),),
    order_events.OrderProposed: (_told(told_of_orders.on_proposed),),
    order_events.HelpAsked: (_told(told_of_orders.on_help_asked),),
    order_events.HelperAdded: (_told(told_of_orders.on_helper_added),),
    dispatch_events.OrderPooled: (_told(told_of_orders.on_pooled),),
    duty_events.DutyCallDue: (Subscription("tickets.on_duty_call_due", tickets_handlers.on_duty_call_due),),
    duty_events.DutyCallWanted: (Subscription("tickets.on_duty_call_wanted", tickets_handlers.on_duty_call_wanted),),
    duty_events.DutyCallAnswered: (_told(told_of_duty.on_call_answered),),
    order_events.HoldReminded: (_told(told_of_orders.on_hold_reminded),),
    clock_events.PromiseTold: (_told(told_of_clocks.on_promise),),
    clock_events.ClockEscalated: (_told(told_of_clocks.on_escalated),),
    clock_events.ExtensionAsked: (_told(told_of_clocks.on_extension_asked),),
    clock_events.ClockEndless: (_told(told_of_clocks.on_endless),),
    clock_events.DelayExcused: (_told(told_of_clocks.on_delay_excused),),
    clock_events.ExtensionDecided: (_told(told_of_clocks.on_extension_decided),),
    clock_events.ClocksDue: (Subscription("tickets.on_clocks_due", tickets_handlers.on_clocks_due, stepwise=True),),
    CalendarPublished: (
        Subscription(
            "tickets.on_calendar_published", tickets_handlers.on_calendar_published, queue="long", stepwise=True
        ),
        Subscription("portal.feedback_calendar", feedback_handlers.on_calendar_published, queue="notices"),
    ),
    ticket_events.FiguresDue: (
        Subscription("tickets.on_figures_due", tickets_settling_job.on_figures_due, queue="long", stepwise=True),
    ),
    order_events.BulkOrdered: (
        Subscription("tickets.on_bulk_ordered", tickets_bulk_job.on_bulk_ordered, queue="long", stepwise=True),
    ),
    order_events.BulkEnded: (_told(told_of_runs.on_bulk_ended),),
    ticket_events.PlaceNamed: (
        Subscription("tickets.on_place_named", tickets_unlisted_job.on_place_named, queue="long", stepwise=True),
    ),
    order_events.OrderDone: (Subscription("tickets.on_order_done", tickets_handlers.on_somebody_freed),),
    ticket_events.DefaultCloseDue: (Subscription("tickets.on_default_close", tickets_handlers.on_default_close),),
    ticket_events.AnswerOverdue: (Subscription("tickets.on_answer_overdue", tickets_handlers.on_answer_overdue),),
    visit_events.VisitNear: (Subscription("tickets.on_visit_near", tickets_handlers.on_visit_near),),
    order_events.HoldDue: (Subscription("tickets.on_hold_due", tickets_handlers.on_hold_due),),
    dispatch_events.HandFreed: (Subscription("tickets.on_hand_freed", tickets_handlers.on_hand_freed),),
    dispatch_events.WaitingOrdersDue: (
        Subscription("tickets.on_waiting_orders", tickets_handlers.on_waiting_orders, stepwise=True),
    ),
    NoticePublished: (Subscription("portal.tell_readers", notice_handlers.tell_readers, queue="long", stepwise=True),),
    NoticeOver: (Subscription("portal.end_notice", notice_handlers.end_notice, queue="notices"),),
    feedback_events.FeedbackAnswered: (_told(feedback_handlers.feedback_answered),),
    feedback_events.FeedbackAssigned: (_told(feedback_handlers.feedback_assigned),),
    feedback_events.FeedbackClosed: (_told(feedback_handlers.feedback_closed),),
    feedback_events.FeedbackPostponed: (_told(feedback_handlers.feedback_postponed),),
    feedback_events.FeedbackReplied: (_told(feedback_handlers.feedback_replied),),
    feedback_events.FeedbackLate: (_told(feedback_handlers.feedback_late),),
    feedback_events.FeedbackClockDue: (
        Subscription("portal.feedback_clock", feedback_handlers.on_clock, queue="notices"),
    ),
    feedback_events.FeedbackLapseDue: (
        Subscription("portal.feedback_lapse", feedback_handlers.on_lapse, queue="notices"),
    ),
    OperationsWatched: (Subscription("portal.watch", portal_handlers.watch, queue="notices"),),
    HousekeepingDue: (
        Subscription("portal.tidy", portal_handlers.tidy, queue="long", stepwise=True),
        Subscription("tickets.forget_runs", tickets_bulk_job.forget_runs, queue="long", stepwise=True),
        Subscription("webhooks.tidy", webhooks_handlers.tidy, queue="long", stepwise=True),
    ),
    AttachmentSweepDue: (Subscription("attachments.sweep", attachments_handlers.sweep, queue="long", stepwise=True),),
    WebhookDue: (Subscription("webhooks.send", webhooks_handlers.send, queue="notices", stepwise=True),),
}

WEBHOOK_EVENTS: dict[type[Event], webhooks_services.Told] = {**tickets_hooks.TOLD}
_ANNOUNCED = Subscription(
    "webhooks.announce", webhooks_services.announce, queue="notices", wanted=webhooks_services.any_endpoint
)

SUBSCRIBERS: dict[type[Event], tuple[Subscription, ...]] = {
    event: (*REACTIONS.get(event, ()), *((_ANNOUNCED,) if event in WEBHOOK_EVENTS else ()))
    for event in (*REACTIONS, *(each for each in WEBHOOK_EVENTS if each not in REACTIONS))
}

ATTACHMENT_VIEWERS: dict[str, attachments_policies.Viewer] = {  # owner kind → may this actor see it
    "ticket": tickets_viewer.sees_photo,
    "work_order": tickets_viewer.sees_order_photo,
    "message": tickets_viewer.sees_message_photo,
}

PANELS: dict[str, tuple[Panel, ...]] = {  # slot of a page → fragments of other areas shown in it
    "calendars.publish": (Panel("sla.calendar_effect"), Panel("feedback.calendar_effect")),
    "tickets.report_place": (Panel("portal.before_report", portal_hints.known_at_first),),
    "tickets.report_problem": (Panel("portal.self_help", portal_hints.helps_at_first),),
}

IMPORTERS: tuple[Importer[Any], ...] = (
    sites_importer.IMPORTER,
    accounts_unit_importer.IMPORTER,
    accounts_importer.IMPORTER,
)

PERIODIC: tuple[Periodic, ...] = (
    Periodic("accounts.sweep", 86_400, SignInTraceDue),
    Periodic("imports.tidy", 86_400, import_events.ImportsTidied),
    Periodic("attachments.sweep", 86_400, AttachmentSweepDue),
    Periodic("portal.watch", 300, OperationsWatched),
    Periodic("portal.tidy", 86_400, HousekeepingDue),
    Periodic("tickets.clocks", 30, clock_events.ClocksDue),
    Periodic("tickets.figures", 900, ticket_events.FiguresDue),
    Periodic("tickets.leavers", 3_600, ticket_events.LeaversDue),
    Periodic("tickets.waiting", 60, dispatch_events.WaitingOrdersDue),
)

COMMANDS: tuple[Any, ...] = (
    *accounts_cli.COMMANDS,
    imports_cli.command,
    backup.backup_command,
    backup.restore_command,
    doctor.doctor_command,
    demo_command.demo,
    tickets_cli.figures,
    catalogue.words,
)


def build(config: Config, role: Literal["web", "worker"]) -> Flask:
    """The whole application."""
    app = factory.bare_app(config, role)
    app.extensions["houqin_subscribers"] = Subscribers(SUBSCRIBERS)
    app.extensions["houqin_periodic"] = {job.name: job for job in PERIODIC}
    imports_registry.fill(IMPORTERS)
    app.extensions["houqin_nav"] = NAVIGATION
    app.extensions["houqin_panels"] = PANELS
    app.extensions["houqin_load_actor"] = accounts_web.load_actor
    app.extensions["houqin_note_refusal"] = accounts_web.note_refusal
    app.extensions["houqin_explain_refusal"] = accounts_refusals.why
    attachments_policies.use(ATTACHMENT_VIEWERS)
    webhooks_services.EVENTS.update(WEBHOOK_EVENTS)
    for blueprint in WEB:
        app.register_blueprint(blueprint)
    factory.csrf.exempt(tickets_open311.blueprint)  # no cookie is read there
    for blueprint in API:
        factory.csrf.exempt(blueprint)
        app.extensions["houqin_api"].register_blueprint(blueprint)
    for command in COMMANDS:
        app.cli.add_command(command)
    deliveries.serve(app)
    return app
