"""The one refusal of a whole file: a code with parameters, put into words by the edge in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping


class Unreadable(Exception):
    """The file cannot be read at all. ``code`` names the reason, ``params`` its figures (all plain values)."""

    def __init__(self, code: str, params: Mapping[str, str | int] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.params: dict[str, str | int] = dict(params or {})

    def __str__(self) -> str:
        figures = ", ".join(f"{name}={value}" for name, value in sorted(self.params.items()))
        return f"{self.code} ({figures})" if figures else self.code
