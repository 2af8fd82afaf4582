"""Check that a copy of this database would not act on the policies of the original store."""

from __future__ import annotations

from collections.abc import Iterator

from ... import installation
from ...domain.alarms import AlarmCode, incident
from ...domain.instance import Binding
from .finding import Finding, fine, problem, warning

_COPY = "A copy of this database, say in a staging environment, would act on this store's policies"
_UNNAMED = (
    f"Nothing outside the database names this store. {_COPY}. Set {installation.INSTANCE_VARIABLE} "
    "(Django setting or environment variable; without it Saleor's PUBLIC_URL counts), the same for "
    "all processes of this store and another for each copy, then run manage.py xcover_setup."
)
_UNBOUND = f"The database is bound to no store yet. {_COPY}. Run manage.py xcover_setup."


def check() -> Iterator[Finding]:
    """Check the binding of the database to the store that runs here."""
    row = installation.found()
    here = installation.name_here()
    binding = installation.binding_of(row)
    if binding == Binding.UNNAMED:
        bound_to = f" It is bound to {row.bound_to}." if row is not None and row.bound_to else ""
        yield warning("store", "", f"{_UNNAMED}{bound_to}")
    elif binding == Binding.UNBOUND:
        yield warning("store", here, _UNBOUND)
    elif binding == Binding.ELSEWHERE and row is not None:
        wrong = incident(AlarmCode.WRONG_STORE, bound_to=row.bound_to, here=here)
        yield problem("store", here, wrong.sentence)
    else:
        yield fine("store", here, "The database is bound to it.")
