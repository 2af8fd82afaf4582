"""XCover's acceptance cases, played with a store's own settings against sandbox or simulator."""

from .begin import begin, markets_of
from .cases import CASES, Case, Market, Play
from .play import Ended, Outcome, cleaned_up, interrupted, play

__all__ = [
    "CASES",
    "Case",
    "Ended",
    "Market",
    "Outcome",
    "Play",
    "begin",
    "cleaned_up",
    "interrupted",
    "markets_of",
    "play",
]
