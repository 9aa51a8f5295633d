"""How much may be said: the longest words of people, in characters, and the longest planned work, in minutes.

A reason's limit stands in `reasons`, a rating's comment in `ratings`.
"""

from typing import Final

DESCRIPTION_LIMIT: Final = 2000
"""What is broken."""
PLACE_LIMIT: Final = 200
"""A place in words that no list of places has."""
NOTE_LIMIT: Final = 2000
"""A note with an act, or a message."""
MAX_MINUTES: Final = 10_080
"""A week."""
