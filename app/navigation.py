"""Where people can go: the entries of the navigation, each with its policy and what waits there.

The four places of the phone's bar are the first four primary ones a role sees.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.accounts import policies as accounts_policies
from app.audit import policies as audit_policies
from app.core.frame import NavItem
from app.core.http import signed_in
from app.imports import policies as imports_policies
from app.imports import queries as imports_queries
from app.notifications import policies as notifications_policies
from app.notifications import queries as notifications_queries
from app.portal import policies as portal_policies
from app.portal.queries import feedback as feedback_queries
from app.sites import policies as sites_policies
from app.tickets import policies as tickets_policies
from app.tickets.queries import accepting as tickets_accepting
from app.tickets.queries import duty_calls as tickets_duty_calls
from app.tickets.queries import extensions as tickets_extensions
from app.tickets.queries import unlisted as tickets_unlisted

REPAIRS, DESK, REGISTERS, SYSTEM = _l("Repairs"), _l("Desk"), _l("Registers"), _l("System")
"""The headings of the desktop's navigation."""

NAVIGATION: tuple[NavItem, ...] = (
    NavItem(_l("Today"), "crew.today", "list", tickets_policies.may_work, group=REPAIRS, primary=True),
    NavItem(_l("Dispatch"), "dispatch.index", "board", tickets_policies.may_dispatch, group=REPAIRS, primary=True),
    NavItem(_l("Home"), "portal.home", "home", signed_in, primary=True),
    NavItem(
        _l("Requests"),
        "tickets.index",
        "inbox",
        portal_policies.requests_in_navigation,
        group=REPAIRS,
        primary=True,
    ),
    NavItem(
        _l("Inbox"),
        "notifications.inbox",
        "bell",
        notifications_policies.own,
        primary=True,
        count=notifications_queries.UNREAD,
    ),
    NavItem(_l("Me"), "accounts.me", "user", signed_in, primary=True),
    NavItem(
        _l("To accept"),
        "tickets.to_accept",
        "check-circle",
        tickets_policies.may_accept_third,
        group=REPAIRS,
        count=tickets_accepting.WAITING,
    ),
    NavItem(
        _l("More time"),
        "more_time.index",
        "hourglass",
        tickets_policies.may_see_extensions,
        group=REPAIRS,
        count=tickets_extensions.WAITING,
    ),
    NavItem(
        _l("Unlisted places"),
        "tickets.unlisted",
        "pin",
        tickets_policies.sees_unlisted,
        group=REPAIRS,
        count=tickets_unlisted.COUNT,
    ),
    NavItem(
        _l("Duty calls"),
        "duty_calls.index",
        "phone",
        tickets_policies.may_dispatch,
        group=REPAIRS,
        count=tickets_duty_calls.WAITING,
    ),
    NavItem(_l("Reports"), "reports.index", "chart", tickets_policies.may_read_reports, group=REPAIRS),
    NavItem(_l("Technicians"), "technicians.index", "crew", tickets_policies.may_edit_crews, group=REPAIRS),
    NavItem(_l("Catalogue"), "catalogue.index", "tag", tickets_policies.may_edit_catalogue, group=REPAIRS),
    NavItem(_l("Service levels"), "sla.index", "clock", tickets_policies.may_read_policies, group=REPAIRS),
    NavItem(_l("Working hours"), "calendars.index", "calendar", sites_policies.may_read_calendars, group=REPAIRS),
    NavItem(_l("Report"), "tickets.report", "wrench", portal_policies.report_in_navigation, group=REPAIRS),
    NavItem(_l("Feedback"), "feedback.desk", "msg", portal_policies.handle, group=DESK, count=feedback_queries.OPEN),
    NavItem(_l("Notices"), "notices.desk", "megaphone", portal_policies.write_notices, group=DESK),
    NavItem(_l("Answers"), "answers.desk", "book", portal_policies.write_desk, group=DESK),
    NavItem(_l("Contacts"), "contacts.index", "phone", portal_policies.write_desk, group=DESK),
    NavItem(_l("People"), "accounts.people", "people", accounts_policies.read_people, group=REGISTERS),
    NavItem(_l("Units"), "accounts.orgs", "campus", accounts_policies.see_orgs, group=REGISTERS),
    NavItem(_l("Crews"), "accounts.crews", "crew", accounts_policies.write_crews, group=REGISTERS),
    NavItem(_l("Roles"), "accounts.roles", "shield", accounts_policies.see_roles, group=REGISTERS),
    NavItem(
        _l("Imports"),
        "imports.index",
        "upload",
        imports_policies.in_navigation,
        group=REGISTERS,
        count=imports_queries.WAITING,
    ),
    NavItem(_l("Operations"), "portal.operations", "pulse", portal_policies.read_operations, group=SYSTEM),
    NavItem(_l("Mail"), "notifications.kept_mail", "mail", notifications_policies.read_mail, group=SYSTEM),
    NavItem(_l("Webhooks"), "webhooks.index", "link", notifications_policies.write_webhooks, group=SYSTEM),
    NavItem(_l("Settings"), "portal.settings_page", "sliders", portal_policies.write_settings, group=SYSTEM),
    NavItem(_l("Audit log"), "audit.entries", "audit", audit_policies.read, group=SYSTEM),
    NavItem(_l("Places"), "sites.places", "pin-map", sites_policies.may_manage, group=REGISTERS),
)
