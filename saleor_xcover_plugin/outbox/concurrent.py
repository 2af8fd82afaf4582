"""Deliver messages of a kind at the same time that its handler judges and stores one by one.

Only their calls run together, so that one worker uses the allowed rate although XCover takes time
to answer: after an event was cancelled, thousands of policies are to be cancelled.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from ..defect_log import log_defect
from ..models import OutboxMessage
from ..time_limits import WORKER_AFTER_MANY, DatabaseBusy, time_limits
from . import message_queue as outbox
from .handlers import Attempt, MessageHandler, Outcome

log = logging.getLogger(__name__)


class ConcurrentCalls:
    """Deliver one kind of message by the ``MessageHandler`` of its kind; see ``BatchHandler``."""

    def __init__(self, kind: str, handler: MessageHandler) -> None:
        self.kind = kind
        self.operation = handler.operation
        self._handler = handler

    def prepare(
        self, messages: Sequence[OutboxMessage], account: str, now: datetime
    ) -> dict[int, Attempt]:
        prepared = ((message.pk, self._prepared(message, account, now)) for message in messages)
        return {pk: attempt for pk, attempt in prepared if attempt is not None}

    def _prepared(self, message: OutboxMessage, account: str, now: datetime) -> Attempt | None:
        """Judge a message and mark it as sent; return None if it is to be delivered alone.

        That is also so where its judgement fails: the others are marked as sent, and are called.
        """
        try:
            with time_limits(WORKER_AFTER_MANY), transaction.atomic():
                return self._marked(message, account, now)
        except SoftTimeLimitExceeded:
            raise
        except DatabaseBusy:
            return None
        except Exception:
            log_defect(log, "xcover.delivery.failed", outbox_message=message.pk)
            return None

    def _marked(self, message: OutboxMessage, account: str, now: datetime) -> Attempt | None:
        attempt = self._handler.prepare(message, now)
        if attempt is None or attempt.body is None:
            return None
        if attempt.leaving is not None:
            attempt.leaving(now)
        is_ours = outbox.mark_sent(message, attempt.body, account, now)
        return attempt if is_ours else None

    def record(self, _outcomes: Mapping[int, Outcome], _now: datetime, /) -> set[int]:
        return set()  # each is stored by the handler of its kind

    def changed(self, _recorded: Collection[int], /) -> dict[int, uuid.UUID]:
        return {}

    def forget(self, message_id: int) -> None:
        pass
