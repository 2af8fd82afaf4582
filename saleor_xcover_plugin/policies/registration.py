"""Register the handlers of all message kinds with the outbox.

Imported once in each process, when Django is ready.
"""

from __future__ import annotations

from functools import partial

from ..domain.messages import MessageKind
from ..outbox import registry
from ..outbox.concurrent import ConcurrentCalls
from ..outbox.handlers import MessageHandler
from .cancel import ConfirmCancellationHandler, PreviewCancellationHandler
from .confirm import ConfirmHandler
from .confirm_batch import ConfirmBatch
from .modify import ConfirmModificationHandler, PreviewModificationHandler
from .opt_out import OptOutHandler
from .opt_out_batch import OptOutBatch
from .order_sync import sync_order

HANDLERS: dict[str, MessageHandler] = {
    MessageKind.CONFIRM: ConfirmHandler(),
    MessageKind.PREVIEW_CANCELLATION: PreviewCancellationHandler(),
    MessageKind.CONFIRM_CANCELLATION: ConfirmCancellationHandler(),
    MessageKind.PREVIEW_MODIFICATION: PreviewModificationHandler(),
    MessageKind.CONFIRM_MODIFICATION: ConfirmModificationHandler(),
    MessageKind.OPT_OUT: OptOutHandler(),
}
"""The handler of each kind of message."""

MANY_AT_ONCE = (MessageKind.PREVIEW_CANCELLATION, MessageKind.CONFIRM_CANCELLATION)
"""Kinds of which many fall due together, as after an event was cancelled; the first leads on."""

registry.register(
    HANDLERS,
    batches=[
        ConfirmBatch,
        *(partial(ConcurrentCalls, kind, HANDLERS[kind]) for kind in MANY_AT_ONCE),
        OptOutBatch,
    ],
    sync_order=sync_order,
)
