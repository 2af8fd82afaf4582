"""Compare orders, the plugin's tables and XCover: nightly, and on demand for a period."""

from .nightly import reconcile_tonight
from .runner import GRACE, Report, orders_of, reconcile

__all__ = ["GRACE", "Report", "orders_of", "reconcile", "reconcile_tonight"]
