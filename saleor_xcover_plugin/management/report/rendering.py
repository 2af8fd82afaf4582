"""Draw pages from the templates in this package; the host's ``TEMPLATES`` setting has no part."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.template import Context, Engine

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, values: Mapping[str, Any], *folders: Path) -> str:
    """Fill a template of ``folders`` or of this package. Every value is escaped.

    Numbers are written digit for digit, whatever the host's language and settings say. Moments are
    for the caller to write: a template would turn them into the host's time zone.
    """
    context = Context(values, use_l10n=False, use_tz=False)
    return _engine(*folders).get_template(template).render(context)


@cache
def _engine(*folders: Path) -> Engine:
    return Engine([str(folder) for folder in (*folders, TEMPLATES)], autoescape=True)
