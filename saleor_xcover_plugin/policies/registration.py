"""Register the handlers of all messages. Imported once in each process, when Django is ready."""

from __future__ import annotations

from ..outbox import registry
from .cancel import ConfirmCancellationHandler, PreviewCancellationHandler
from .confirm import ConfirmHandler
from .modify import ConfirmModificationHandler, PreviewModificationHandler
from .opt_out import OptOutHandler
from .order_sync import sync_order

registry.register(
    {
        "confirm": ConfirmHandler(),
        "preview_cancellation": PreviewCancellationHandler(),
        "confirm_cancellation": ConfirmCancellationHandler(),
        "preview_modification": PreviewModificationHandler(),
        "confirm_modification": ConfirmModificationHandler(),
        "opt_out": OptOutHandler(),
    },
    sync_order=sync_order,
)
