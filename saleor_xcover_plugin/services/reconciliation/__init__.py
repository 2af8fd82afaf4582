"""Compare orders, our tables and XCover: nightly, and on demand for a period."""

from .nightly import reconcile_last_days
from .run import GRACE, Period, Report, reconcile

__all__ = ["GRACE", "Period", "Report", "reconcile", "reconcile_last_days"]
