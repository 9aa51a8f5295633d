"""Who was quicker: a form that came too late says so, and is shown again as its sender left it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

from app.audit import queries
from app.core import i18n, seen
from app.core.actor import Actor
from app.core.forms import Form


class heeding:  # noqa: N801 - it is used as a function, beside Form.heeding
    """A block that saves what a form says and leaves by `return`; Overtaken, raised in it, is taken over by the form.

    `verb` is that of the audit entries the form makes of the object; `named` says what a code among several is called.
    """

    def __init__(
        self,
        form: Form,
        actor: Actor,
        object_kind: str,
        object_id: int | None,
        verb: str,
        named: Callable[[str], Any] = str,
    ) -> None:
        self.form, self.actor, self.of, self.named = form, actor, (object_kind, object_id, verb), named

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, refused: BaseException | None, _trace: object) -> bool:
        if not isinstance(refused, seen.Overtaken):
            return False
        seen.give_back(self.form, refused, said(self.actor, *self.of), self.named)
        return True


def said(actor: Actor, object_kind: str, object_id: int | None, verb: str) -> str:
    """That a form came too late, who made the last such change and when, and that nothing is saved yet."""
    last = queries.latest(object_kind, object_id, verb)
    if last is None:
        changed = _("This has changed since you opened it.")
    elif last.actor_id is not None and last.actor_id == actor.id:
        changed = _(
            "This has changed since you opened it, last by yourself in another window (%(at)s).",
            at=i18n.format_moment(last.at),
        )
    else:
        changed = _(
            "This has changed since you opened it, last by %(name)s (%(at)s).",
            name=last.actor_name,
            at=i18n.format_moment(last.at),
        )
    return str(_("%(changed)s Nothing is saved yet: look at it and save again.", changed=changed))
