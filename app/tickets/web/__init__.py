"""Pages of tickets: for whoever reports a fault, and for the desk that answers.

- `report`, `sticker`: filing, signed in or through a QR sticker; `choices`: categories as tiles
- `tracking`: one ticket, followed and acted on; `screen`: what its page shows; `wording`: what it says
- `reminding`: the reporter reminds whoever is responsible
- `messages`: writing to the other side
- `following`: the same fault is followed instead of reported again
- `desk_acts`: the desk corrects, splits and merges
- `unlisted`: what reporters' words for a place mean
- `accepting`: finished work that waits for a third party
- `histories`: where the audit log sends those who look for a request
- `lists`: one's own requests, and the desk's list
- `forms`: what is sent; `drafts`, `expired`: what was typed outlives session and token
"""

from app.tickets.web import (
    accepting,
    calls_back,
    desk_acts,
    drafts,
    expired,
    following,
    histories,
    lists,
    messages,
    reminding,
    report,
    sticker,
    tracking,
    unlisted,
    windows,
)
from app.tickets.web.blueprint import blueprint

__all__ = [
    "accepting",
    "blueprint",
    "calls_back",
    "desk_acts",
    "drafts",
    "expired",
    "following",
    "histories",
    "lists",
    "messages",
    "reminding",
    "report",
    "sticker",
    "tracking",
    "unlisted",
    "windows",
]
