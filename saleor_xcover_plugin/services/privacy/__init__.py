"""What is held about people and sales, and how it ends: purge by age, erase on request."""

from .erase import EraseRefused, Holding, erase, find_order, look
from .purge import Counts, Report, purge

__all__ = [
    "Counts",
    "EraseRefused",
    "Holding",
    "Report",
    "erase",
    "find_order",
    "look",
    "purge",
]
