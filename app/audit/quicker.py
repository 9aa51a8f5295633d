"""Who was quicker: a form or a button that came too late says so; its page is shown again, with what was typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _

from app.audit import labels, queries
from app.core import i18n, pages, seen
from app.core.actor import Actor
from app.core.errors import Stale
from app.core.forms import Form

LONGEST_REQUEST = timedelta(minutes=2)
"""An entry bears the instant its request began: the page may have been opened after that and before the commit."""


class _Late:
    """A block that acts and leaves by `return`; Stale, raised in it, is told: what follows shows the page again.

    `verbs` are those of the audit entries that change what the page shows of the object; none: all of them. Without an
    object nobody is named: the page itself says who did what.
    """

    def __init__(self, actor: Actor, object_kind: str | None = None, object_id: int | None = None, *verbs: str) -> None:
        self.actor, self.of, self.verbs = actor, (object_kind, object_id), verbs

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, refused: BaseException | None, _trace: object) -> bool:
        if not isinstance(refused, Stale):
            return False
        self.tell(refused, self._who(refused))
        return True

    def tell(self, refused: Stale, changed: str) -> None:
        """Say it; `changed` is the sentence that somebody was quicker."""
        raise NotImplementedError

    def _who(self, refused: Stale) -> str:
        kind, number = self.of
        opened = refused.opened if isinstance(refused, seen.Overtaken) else None
        since = None if opened is None else opened - LONGEST_REQUEST
        last = None if kind is None else queries.latest(kind, number, self.verbs, since)
        if last is None:
            return str(_("This has changed since you opened it."))
        at = i18n.format_moment(last.at)
        if last.actor_id is not None and last.actor_id == self.actor.id:
            said = _("This has changed since you opened it, last by yourself in another window (%(at)s).", at=at)
        else:
            name = last.actor_name or labels.actor(last.actor_kind)
            said = _("This has changed since you opened it, last by %(name)s (%(at)s).", name=name, at=at)
        return str(said)


class heeding(_Late):  # noqa: N801 - it is used as a function, beside Form.heeding
    """A block that saves what a form says: the form takes Stale over and keeps what was typed.

    `named` says what a code among several is called.
    """

    def __init__(
        self,
        form: Form,
        actor: Actor,
        object_kind: str | None = None,
        object_id: int | None = None,
        *verbs: str,
        named: Callable[[str], Any] = str,
    ) -> None:
        super().__init__(actor, object_kind, object_id, *verbs)
        self.form, self.named = form, named

    def tell(self, refused: Stale, changed: str) -> None:
        said = _("%(changed)s Nothing is saved yet: look at it and save again.", changed=changed)
        if isinstance(refused, seen.Overtaken):
            seen.give_back(self.form, refused, said, self.named)
        else:
            self.form.problem, self.form.status = said, refused.status
            self.form.values[seen.FIELD] = refused.current[seen.FIELD]


class telling(_Late):  # noqa: N801 - as above
    """A block that does what a button asks: Stale is a toast on the page that follows, shown with `Stale.status`.

    `form` is what was asked beside the button: it takes the status over, what was typed stays.
    """

    def __init__(
        self, actor: Actor, object_kind: str, object_id: int | None, *verbs: str, form: Form | None = None
    ) -> None:
        super().__init__(actor, object_kind, object_id, *verbs)
        self.form = form

    def tell(self, refused: Stale, changed: str) -> None:
        if self.form is not None:
            self.form.status = refused.status
        pages.toast(_("%(changed)s Nothing is done: look at it before you repeat the step.", changed=changed), "late")
