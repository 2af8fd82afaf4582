"""Look at everything a store needs for selling protection, and say what to do where it is not."""

from .examine import examine
from .finding import Finding, Severity

__all__ = ["Finding", "Severity", "examine"]
