"""A miniature of the parts of Saleor that the plugin uses, to run the plugin without Saleor.

It is not Saleor: it has no shipping, checks stock only on fulfilment, never restocks, has taxes of
0, one kind of voucher and one gift card per checkout. The flow tests compare it with traces that
were recorded from Saleor 3.23 (``fixtures/saleor/3.23``). Other behaviour follows Saleor's source,
or is refused with a sentence (``core/refusal.py``), and only tests/miniature covers it.

Only ``configure`` puts the package ``saleor`` of this folder on ``sys.path``.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
"""Folder that contains the package ``saleor``."""
SETTINGS = "testkit.miniature.settings"
"""Module of the Django settings."""


class RealSaleorFound(RuntimeError):
    """A real Saleor can be imported, and the miniature must not shadow it."""


def configure(database_url: str) -> None:
    """Start Django with the miniature on an existing PostgreSQL database.

    Raises ``RealSaleorFound`` if a real Saleor can be imported.
    """
    refuse_beside_a_real_saleor()
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    os.environ["XCOVER_DEMO_DATABASE_URL"] = database_url
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    import django

    django.setup()


def refuse_beside_a_real_saleor() -> None:
    """Raise ``RealSaleorFound`` if a package ``saleor`` outside this folder can be imported."""
    spec = find_spec("saleor")
    if spec and ROOT not in Path(str(spec.origin)).parents:
        raise RealSaleorFound(
            f"A Saleor is installed here ({spec.origin}). The miniature would hide it and does not "
            "start. Use the real one: make test-saleor, or make store with --saleor."
        )


def describe() -> str:
    """Return a description of the host in one line."""
    return (
        "a miniature of Saleor 3.23 (testkit/miniature), recorded from a real one; no real Saleor"
    )
