"""Check everything a store needs for selling ticket protection, and say what to do about gaps."""

from .examine import examine
from .finding import Finding, Severity

__all__ = ["Finding", "Severity", "examine"]
