"""XCover's webhooks: verify, journal, hand on. The body is not signed, so it is only a hint."""

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
_NAME = re.compile(r"[ -~]{1,40}")
"""What XCover calls events, policies and states. No table takes half a surrogate or a NUL."""


def events_view(
    request: HttpRequest, *, channel_id: int, configuration: Iterable[Mapping[str, Any]]
) -> HttpResponse:
    """Answer exactly 200 to what is verified; XCover repeats anything else a few times only."""
    if request.method != "POST":
        return HttpResponse(status=405)
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
        # Forged ones are counted by this log event and leave no row.
        log.warning("xcover.webhook.refused", extra={"verdict": verdict.value})
        if settings.unreadable:
            # It may be XCover's own: once the right SECRET_KEY is there, a repetition is taken.
            log.error("xcover.settings.incomplete", extra={"field": settings.unreadable[0]})
            return HttpResponse(status=503)
        return HttpResponse(status=403)
    body = request.read(MAX_BODY + 1)
    news = read_notification(body) if len(body) <= MAX_BODY else None
    if news is None:
        log.warning("xcover.webhook.unreadable", extra={"size": len(body)})
        return HttpResponse(status=200)  # repeating it would not make it readable
    try:
        journal(news, channel_id, now)
    except DatabaseBusy as busy:
        log.warning("xcover.webhook.busy", extra={"reason": str(busy)})
        return HttpResponse(status=503)  # XCover sends it again
    return HttpResponse(status=200)


def read_notification(body: bytes) -> WebhookNotification | None:
    """Take the few fields we keep; None for anything that is not a webhook of XCover."""
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
