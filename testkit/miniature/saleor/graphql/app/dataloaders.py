from typing import Any

from promise import Promise

from ..context import Someone
from ..permissions import PAYMENT_APP, STORE_APP, requestor_of


def get_app_promise(context: Any) -> Any:
    """Resolve to the app whose token came with the request, or None."""
    name = requestor_of(context.headers.get("Authorization", ""))
    return Promise.resolve(Someone(name) if name in (PAYMENT_APP, STORE_APP) else None)
