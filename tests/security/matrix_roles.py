"""The roles that groups of routes name, and what is open to everybody."""

from __future__ import annotations

ANYONE = "anyone"
SIGNED_IN = "signed in"

STAFF_DISPATCH = frozenset({"dispatcher", "dutylead", "supervisor", "admin"})
REQUESTERS = frozenset(
    {
        "student",
        "teacher",
        "technician",
        "dispatcher",
        "dutylead",
        "supervisor",
        "dormmanager",
        "registry",
        "counsellor",
        "energy",
        "finance",
        "leader",
        "admin",
    }
)
CREW = frozenset({"technician", "contractor", "dutylead"})

Routes = dict[str | frozenset[str], tuple[str, ...]]
"""Who passes, and the routes he passes."""
