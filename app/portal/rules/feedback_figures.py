"""The figures of feedback: how much of each kind was said, and how the first answer to it fared.

In time: first answered at or before the due minute of its first answer (tickets-rules 8, 10). Judged is what has been
answered or is overdue; what still has time is neither kept nor broken. Lengths are minutes: working ones by the
calendar of its campus, and raw ones.
"""

from dataclasses import dataclass
from enum import StrEnum


class By(StrEnum):
    """What the figures are broken down by."""

    KIND = "kind"
    MONTH = "month"
    BUILDING = "building"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was counted over the feedback of one group; quantiles None where nothing was answered."""

    said: int = 0
    nameless: int = 0
    answered: int = 0
    in_time: int = 0
    overdue: int = 0
    became: int = 0
    work_median: float | None = None
    work_p90: float | None = None
    raw_median: float | None = None
    raw_p90: float | None = None

    @property
    def judged(self) -> int:
        """What can be said of: answered, or overdue."""
        return self.answered + self.overdue

    @property
    def waiting(self) -> int:
        """Not answered, and not late."""
        return self.said - self.judged

    @property
    def share(self) -> float | None:
        """In time ÷ judged; None where nothing is judged."""
        return self.in_time / self.judged if self.judged else None
