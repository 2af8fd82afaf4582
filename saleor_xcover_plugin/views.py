"""Receive XCover's webhooks: verify the signature and journal the notification.

The signature does not cover the body, so a notification only causes the booking to be read.
Source: https://partner-docs.covergenius.com/offers/api/webhooks
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from .clock import utc_now
from .config.settings import SettingsError, read_settings
from .operations.webhook_inbox import WebhookNotification, journal
from .time_limits import DatabaseBusy
from .xcover.signing import SignatureVerdict, verify

log = logging.getLogger(__name__)

MAX_BODY = 65_536
"""Longest body that is read, in bytes."""
_NAME = re.compile(r"[ -~]{1,40}")
"""Form of the names and ids that are stored: PostgreSQL takes no NUL and no lone surrogate."""


def events_view(
    request: HttpRequest, *, channel_id: int, configuration: Iterable[Mapping[str, Any]]
) -> HttpResponse:
    """Journal one webhook and return 200, also for a verified one that cannot be read.

    ``configuration`` is the channel's plugin configuration as Saleor stores it. Return 403 for a
    bad signature, 405 for anything but POST, and 503 if settings cannot be used or the database is
    busy. XCover repeats a webhook that gets anything but 200, up to 3 times. Source:
    https://docs.covergenius.com/xcover/webhooks
    """
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    try:
        settings = read_settings(configuration)
    except SettingsError as error:
        log.error("xcover.settings.incomplete", extra={"field": error.field})
        return HttpResponse(status=503)
    now = utc_now()
    verdict = verify(
        request.headers, settings.webhook_secrets, now, method="POST", path=request.path
    )
    if verdict != SignatureVerdict.GOOD:
        # This log event is the only trace of a forged webhook.
        log.warning("xcover.webhook.refused", extra={"verdict": verdict.value})
        if settings.unreadable:
            # It may be genuine: the repetition is accepted once SECRET_KEY is right.
            log.error("xcover.settings.incomplete", extra={"field": settings.unreadable[0]})
            return HttpResponse(status=503)
        return HttpResponse(status=403)
    body = request.read(MAX_BODY + 1)
    notification = read_notification(body) if len(body) <= MAX_BODY else None
    if notification is None:
        log.warning("xcover.webhook.unreadable", extra={"size": len(body)})
        return HttpResponse(status=200)  # a repetition could not be read either
    try:
        journal(notification, channel_id, now)
    except DatabaseBusy as busy:
        log.warning("xcover.webhook.busy", extra={"reason": str(busy)})
        return HttpResponse(status=503)  # XCover sends it again
    return HttpResponse(status=200)


def read_notification(body: bytes) -> WebhookNotification | None:
    """Return the fields that are stored, or None for a body that is no webhook of XCover's."""
    try:
        data = json.loads(body)
        payload = data["payload"]
        quotes = payload.get("quotes") or []
        texts = [data["event"], payload["id"], payload["status"]]
        statuses = [str(quote.get("status")) for quote in quotes]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not all(isinstance(text, str) and _NAME.fullmatch(text) for text in texts):
        return None
    return WebhookNotification(
        event=texts[0], booking_id=texts[1], status=texts[2][:24], quotes=tuple(statuses)
    )
