"""Let the time pass that the plugin would wait."""

from datetime import UTC, datetime


def let_waits_pass() -> None:
    """Make every message due, and forget what XCover said about waiting."""
    from saleor_xcover_plugin.models import OutboxMessage, XCoverAccount

    OutboxMessage.objects.update(next_attempt_at=datetime.now(UTC), leased_until=None)
    XCoverAccount.objects.all().delete()
