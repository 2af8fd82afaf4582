from collections.abc import Callable
from typing import Any

from django.db import transaction


def call_event(func_obj: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Call a function after the commit of the open transaction, or now. Exceptions propagate."""
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(lambda: func_obj(*args, **kwargs))
    else:
        func_obj(*args, **kwargs)
