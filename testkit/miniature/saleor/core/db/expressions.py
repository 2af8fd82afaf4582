from typing import Any

from django.db.models import Func, JSONField, Value
from django.db.models.functions import Coalesce


class PostgresJsonConcatenate(Func):
    """``left || right`` of two JSON columns or values; NULL counts as empty."""

    template = "%(expressions)s"
    arg_joiner = " || "
    output_field = JSONField()

    def __init__(self, left_arg: Any, right_arg: Any) -> None:
        empty = Value({}, output_field=JSONField())
        super().__init__(Coalesce(left_arg, empty), Coalesce(right_arg, empty))
