"""The pages that write what the desk keeps for everybody: an empty form, a filled one, refused, kept, closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.audit import quicker
from app.core import clock, forms, seen, words
from app.core.errors import Stale
from app.core.http import current_actor
from app.core.pages import toast
from app.portal.services.entries import Entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """The form of one kind of entry.

    `read` makes a text of what it sends, `columns` and `texts` (in both languages) are what it is filled with, `beside`
    what the page needs besides. `back` is the page one comes from and goes to.
    """

    entries: Entries[Any, Any]
    schema: type[forms.Schema]
    read: Callable[[dict[str, Any]], Any]
    columns: tuple[str, ...]
    texts: tuple[str, ...]
    template: str
    beside: Callable[[], Mapping[str, Any]]
    back: str

    def empty(self, **values: Any) -> str:
        """The form of a new one."""
        return self._page(forms.Form(self.schema, {"position": 0, **values}), None)

    def filled(self, address: str) -> str:
        """The form that changes one. Raises NotFound."""
        row = self.entries.open(forms.id_in_address(address))
        return self._page(seen.form_of(self.schema, self._shown(row)), row)

    def _shown(self, row: Any) -> dict[str, Any]:
        values = {name: getattr(row, name) for name in (*self.columns, "position")}
        for name in self.texts:
            values |= words.to_fields(getattr(row, name), name)
        return values

    def written(self, address: str | None = None) -> Any:
        """Keep what was sent, as a new one or (with an address) anew. Raises NotFound."""
        row = None if address is None else self.entries.open(forms.id_in_address(address))
        form = forms.Form(self.schema)
        data = form.load(request.form)
        if data is not None:
            actor, now, kind = current_actor(), clock.now(), self.entries.kind
            late = quicker.heeding(form, actor, kind, row.id if row else None, named=self._named)
            with form.heeding(), late:
                if row is None:
                    self.entries.write(self.read(data), actor=actor, now=now)
                else:
                    before = seen.seen_by(form, self._shown)
                    self.entries.change(row.id, self.read(data), actor=actor, now=now, seen=before)
                toast(_("Kept."))
                return redirect(url_for(self.back), 303)
        return self._page(form, row), form.status

    def closed(self, address: str, said: str) -> Any:
        """Close one, and say so. Raises NotFound."""
        row, actor = self.entries.open(forms.id_in_address(address)), current_actor()
        with quicker.telling(actor, self.entries.kind, row.id):
            self.entries.close(row.id, actor=actor, now=clock.now(), seen=forms.seen_in(request.form))
            toast(said, "info")
            return redirect(url_for(self.back), 303)
        return self.filled(address), Stale.status

    def _named(self, code: str) -> str:
        """What is chosen among several is called as the page calls it."""
        choices = [each for some in self.beside().values() for each in some]
        return next((each["label"].strip() for each in choices if each["value"] == code), code)

    def _page(self, form: forms.Form, row: Any) -> str:
        return render_template(self.template, form=form, **{self.entries.kind: row}, **self.beside())
