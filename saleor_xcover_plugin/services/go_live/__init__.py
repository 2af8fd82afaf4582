"""XCover's acceptance cases, played with a store's own settings against sandbox or simulator."""

from .begin import begin, markets_of
from .cases import CASES, Case, Market
from .play import Ended, Outcome, Play, clean_up, play

__all__ = [
    "CASES",
    "Case",
    "Ended",
    "Market",
    "Outcome",
    "Play",
    "begin",
    "clean_up",
    "markets_of",
    "play",
]
