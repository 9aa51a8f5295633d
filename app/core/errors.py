"""The small tree of refusals. Rendered once, at the edge, as HTML or problem+json (architecture.md rule 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """A refusal a reader can act on.

    `message` is a (lazy) translated sentence, `code` a stable slug: the problem type of the API.
    """

    status = 400
    code = "bad-request"
    default = ""

    def __init__(self, message: Any = None, *, code: str | None = None, **extra: Any) -> None:
        self.message = message
        self.code = code or type(self).code
        self.extra: dict[str, Any] = extra  # further members of the problem document
        self.headers: dict[str, str] = {}  # further headers of the answer
        super().__init__(self.code)

    @property
    def sentences(self) -> list[Any]:
        """What it says, as a whole and then of each field."""
        return [self.message] if self.message else []


class Rejected(DomainError):
    """The input is understood and refused. `fields` names each field with its sentences."""

    status = 422
    code = "rejected"

    def __init__(
        self,
        message: Any = None,
        *,
        fields: Mapping[str, Any] | None = None,
        code: str | None = None,
        **extra: Any,
    ) -> None:
        self.fields: dict[str, list[Any]] = {
            name: list(said) if isinstance(said, list | tuple) else [said] for name, said in (fields or {}).items()
        }
        super().__init__(message, code=code, **extra)

    @property
    def sentences(self) -> list[Any]:
        return [*super().sentences, *(each for said in self.fields.values() for each in said)]


class NotAllowed(DomainError):
    status = 403
    code = "not-allowed"


class NotFound(DomainError):
    """Missing, or not for this reader: the two are never told apart."""

    status = 404
    code = "not-found"


class Conflict(DomainError):
    status = 409
    code = "conflict"


class Busy(Conflict):
    """Somebody else holds the row just now; worth trying again in a moment."""

    code = "busy"


# Versions begin at 1: whoever names this one has seen none, and is told what is current (Stale).
NEVER = 0


class Stale(DomainError):
    """The version or state seen is no longer current; `current` says what is (who won)."""

    status = 412
    code = "stale"

    def __init__(
        self, message: Any = None, *, current: Mapping[str, Any] | None = None, code: str | None = None
    ) -> None:
        self.current = dict(current or {})
        super().__init__(message, code=code)
