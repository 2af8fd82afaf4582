"""Register the handlers of all message kinds with the outbox.

Imported once in each process, when Django is ready.
"""

from __future__ import annotations

from ..domain.messages import MessageKind
from ..outbox import registry
from .cancel import ConfirmCancellationHandler, PreviewCancellationHandler
from .confirm import ConfirmHandler
from .confirm_batch import ConfirmBatch
from .modify import ConfirmModificationHandler, PreviewModificationHandler
from .opt_out import OptOutHandler
from .opt_out_batch import OptOutBatch
from .order_sync import sync_order

registry.register(
    {
        MessageKind.CONFIRM: ConfirmHandler(),
        MessageKind.PREVIEW_CANCELLATION: PreviewCancellationHandler(),
        MessageKind.CONFIRM_CANCELLATION: ConfirmCancellationHandler(),
        MessageKind.PREVIEW_MODIFICATION: PreviewModificationHandler(),
        MessageKind.CONFIRM_MODIFICATION: ConfirmModificationHandler(),
        MessageKind.OPT_OUT: OptOutHandler(),
    },
    batches=[ConfirmBatch, OptOutBatch],
    sync_order=sync_order,
)
