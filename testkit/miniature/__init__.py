"""A miniature of the Saleor names the plugin touches, to see and test the plugin without a Saleor.

It is not Saleor: no shipping, stock is asked for by fulfilment only and nothing comes back, taxes
flat at 0, one kind of voucher, one gift card per checkout. The ways the flows go are recorded from
Saleor 3.23 (traces in ``fixtures/saleor/3.23``, compared by the flow tests). What lies beside them
is written after Saleor's source, or refused with a sentence (``core/refusal.py``); nothing but
tests/miniature proves that part.

The package ``saleor`` in this folder comes onto ``sys.path`` only through ``configure``.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
SETTINGS = "testkit.miniature.settings"


class RealSaleorFound(RuntimeError):
    """A real Saleor can be imported here; it must never be shadowed."""


def configure(database_url: str) -> None:
    """Start Django with the miniature on an existing PostgreSQL database.

    Raise ``RealSaleorFound`` where a real Saleor is importable.
    """
    refuse_beside_a_real_saleor()
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    os.environ["XCOVER_DEMO_DATABASE_URL"] = database_url
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    import django

    django.setup()


def refuse_beside_a_real_saleor() -> None:
    """Raise ``RealSaleorFound`` unless ``saleor`` is this folder's or nobody's."""
    spec = find_spec("saleor")
    if spec and ROOT not in Path(str(spec.origin)).parents:
        raise RealSaleorFound(
            f"A Saleor is installed here ({spec.origin}). The miniature would hide it and does not "
            "start. Use the real one: make test-saleor, or make store with --saleor."
        )


def describe() -> str:
    """Say in one line what serves here."""
    return (
        "a miniature of Saleor 3.23 (testkit/miniature), recorded from a real one; no real Saleor"
    )
