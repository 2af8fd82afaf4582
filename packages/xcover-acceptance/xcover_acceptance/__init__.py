"""XCover's acceptance cases, played with a store's settings against the sandbox or the simulator.

Call ``begin`` for the shared state, iterate ``play``, and always call ``cleaned_up`` afterwards: it
cancels the policies that the cases made.
"""

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
