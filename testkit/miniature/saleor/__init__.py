"""The miniature's ``saleor``: the module paths of the real one, a small part of what is in them."""

from .celeryconf import app as celery_app

__all__ = ["celery_app"]
__version__ = "3.23-miniature"
