"""How large a photo may be, and the reasons one is refused for."""

from __future__ import annotations

MAX_BYTES = 25 * 1024 * 1024
MAX_PIXELS = 25_000_000
LONGEST_SIDE = 1600  # pixels of the stored photo
THUMB_SIDE = 320
MOMENTS = ("report", "before", "after", "signature", "message")
STATES = ("quarantine", "ready", "refused")
REASONS = ("damaged", "too_many_pixels", "lost")
"""Why a photo was refused after it had been received: unreadable, a bomb, its file gone."""


def too_many_pixels(width: int, height: int) -> bool:
    """Whether an image must not be decoded: memory for it grows with its pixels, not with its bytes."""
    return width * height > MAX_PIXELS or max(width, height) > 65_500
