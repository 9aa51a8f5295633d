"""Numbers and addresses as people without the right to see them see them."""

from __future__ import annotations


def masked(value: str | None, *, keep: int = 4) -> str:
    """Only the last characters: `20231234` → `••••1234`; nothing of a number that is hardly longer than that."""
    if not value:
        return ""
    shown = value[-keep:] if len(value) > keep + 2 else value[-1:]
    return "•" * min(len(value) - len(shown), 4) + shown
