"""XCover's acceptance cases, played with a store's own settings against sandbox or simulator."""

from .cases import CASES, Case, Market, Play
from .player import CaseResult, Ended, cleaned_up, interrupted, play
from .preparation import begin, markets_of

__all__ = [
    "CASES",
    "Case",
    "CaseResult",
    "Ended",
    "Market",
    "Play",
    "begin",
    "cleaned_up",
    "interrupted",
    "markets_of",
    "play",
]
