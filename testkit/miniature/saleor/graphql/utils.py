from typing import Any


def get_user_or_app_from_context(context: Any) -> Any:
    return context.app or context.user
