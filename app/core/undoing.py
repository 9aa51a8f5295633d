"""What stands in the way of taking an import back: the same for every kind, in reasons and in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from flask_babel import lazy_gettext as _l

from app.core import references
from app.core.db import Tenant
from app.core.importing import Phrase, Reason, RowPlan, Wording

CHANGED: Final = "changed_since_import"
USED: Final = "in_use"


def wording(instead: Phrase) -> dict[str, Wording]:
    """The words of both reasons; `instead`: what can be done with a thing that is used."""
    return {
        CHANGED: Wording(_l("was changed since the import"), _l("Change it by hand.")),
        USED: Wording(_l("is already used (%(what)s)"), instead, many=_l("is already used"), words=references.WORDS),
    }


def changed(plan: RowPlan) -> Reason:
    """Somebody has changed since what the row wrote."""
    return Reason(CHANGED, None, plan.key)


def used(
    model: type[Tenant], done: Sequence[RowPlan], *, besides: Collection[str] = (), apart_from: Collection[int] = ()
) -> list[Reason]:
    """The new things of applied rows that something points to; `besides` and `apart_from` as `references.referring`."""
    made = {plan.target: plan.key for plan in done if plan.outcome == "new" and plan.target is not None}
    found = references.referring(model, made, besides=besides, apart_from=apart_from)
    return [Reason(USED, None, made[each], {"what": table}) for each, table in sorted(found.items())]
