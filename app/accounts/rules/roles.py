"""The roles a new institution begins with: code, names, permissions, scopes they are held in.

A permission is `area.verb`; where it holds is said by the grant's scope. Session limits by role follow
reliability.md 7.3.1: staff 30 minutes idle and 12 hours, others 7 days idle and 30 days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoleSeed:
    code: str
    zh: str
    en: str
    permissions: frozenset[str]
    staff: bool = True


REQUESTER = frozenset({"tickets.file", "tickets.own", "places.read", "notifications.own", "feedback.write"})
TECHNICIAN = REQUESTER | {"tickets.work"}
DISPATCHER = REQUESTER | {
    "tickets.read",
    "tickets.triage",
    "tickets.dispatch",
    "tickets.on_behalf",
    "tickets.catalogue_read",
    "calendars.read",
    "people.lookup",
    "notices.write",
    "feedback.handle",
    "reports.read",
}
ADMIN = frozenset(
    {
        "people.read",
        "people.write",
        "people.lookup",
        "roles.grant",
        "roles.write",
        "orgs.write",
        "crews.write",
        "places.write",
        "places.stickers",
        "calendars.read",
        "calendars.write",
        "imports.run",
        "imports.approve",
        "settings.write",
        "operations.read",
        "operations.retry",
        "audit.read",
        "mail.read",
        "webhooks.write",
        "tickets.read",
        "tickets.triage",
        "tickets.dispatch",
        "tickets.on_behalf",
        "tickets.catalogue_read",
        "tickets.catalogue_write",
        "tickets.crews",
        "tickets.macros",
        "tickets.extend",
        "reports.read",
        "tickets.views_share",
        "notices.write",
        "feedback.handle",
        "feedback.oversee",
        "desk.write",
    }
)

SEEDS: tuple[RoleSeed, ...] = (
    RoleSeed("student", "学生", "Student", REQUESTER, staff=False),
    RoleSeed("teacher", "教职工", "Teacher", REQUESTER, staff=False),
    RoleSeed("technician", "维修工", "Technician", TECHNICIAN, staff=False),
    RoleSeed("contractor", "外包人员", "Contractor", frozenset({"tickets.work", "notifications.own"}), staff=False),
    RoleSeed("dispatcher", "调度员", "Dispatcher", DISPATCHER | {"tickets.crews"}),
    RoleSeed("dutylead", "值班组长", "Duty lead", TECHNICIAN | DISPATCHER | {"tickets.extend", "tickets.views_share"}),
    RoleSeed(
        "supervisor",
        "主管",
        "Supervisor",
        DISPATCHER
        | {
            "tickets.crews",
            "tickets.catalogue_write",
            "tickets.macros",
            "tickets.extend",
            "tickets.views_share",
            "feedback.oversee",
            "desk.write",
            "calendars.write",
        },
    ),
    RoleSeed(
        "dormmanager",
        "宿管",
        "Dorm manager",
        REQUESTER
        | {"tickets.read", "tickets.on_behalf", "tickets.accept_third", "people.lookup", "notices.write"}
        | {"feedback.handle", "reports.read"},
    ),
    RoleSeed("registry", "学籍管理员", "Registry", REQUESTER | {"people.read", "imports.run", "imports.approve"}),
    RoleSeed("counsellor", "辅导员", "Counsellor", REQUESTER | {"people.lookup"}),
    RoleSeed("energy", "能源管理员", "Energy manager", REQUESTER | {"imports.run"}),
    RoleSeed("finance", "财务", "Finance", REQUESTER),
    RoleSeed(
        "leader",
        "领导",
        "Leadership",
        REQUESTER | {"tickets.read", "reports.read", "feedback.handle", "feedback.oversee"},
    ),
    RoleSeed("admin", "系统管理员", "Administrator", REQUESTER | ADMIN),
)

UNDIVIDED: frozenset[str] = frozenset(
    {
        "audit.read",
        "desk.write",
        "mail.read",
        "operations.read",
        "operations.retry",
        "roles.write",
        "settings.write",
        "tickets.catalogue_write",
        "tickets.macros",
        "tickets.views_share",
        "webhooks.write",
    }
)
"""What is the whole institution's or nothing: given for less (a campus, oneself) it reaches too short for anything."""


def carried(permissions: Iterable[str], scope_kind: str) -> frozenset[str]:
    """The permissions that a role with these gives in a scope of the kind."""
    return frozenset(permissions) if scope_kind == "institution" else frozenset(permissions) - UNDIVIDED


PERMISSIONS: frozenset[str] = frozenset().union(*(seed.permissions for seed in SEEDS))
