"""Draw pages for people from the templates in this package; every value is escaped."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from .jsontext import dumps


def render(template: str, **values: Any) -> str:
    """Fill a template; one that asks for what is not given fails."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("xcover_simulator"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["in_cell"] = _in_cell
    return environment


def _in_cell(value: Any) -> str:
    """Write a value of the state: texts as they are, the rest as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else dumps(value)
