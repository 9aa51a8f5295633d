"""How an offer ended: the word stored with it, by the act that ended it, and back (tickets-rules 38)."""

from typing import Final

from app.tickets.rules.order_table import OrderAct

OFFER_ENDS: Final[dict[OrderAct, str]] = {
    OrderAct.ACCEPT: "accepted",
    OrderAct.DECLINE: "declined",
    OrderAct.EXPIRE: "expired",
    OrderAct.REVOKE: "revoked",
    OrderAct.OFFER: "replaced",
    OrderAct.SUSPEND: "suspended",
    OrderAct.CANCEL: "cancelled",
}

POOLED: Final = "pool"
"""The reason of an accepted offer that was none: the order was taken from the pool."""

ENDED_BY: Final[dict[str, OrderAct]] = {outcome: act for act, outcome in OFFER_ENDS.items()}
