"""The miniature's ``saleor``, with the module paths of the real one and few of their contents."""

from .celeryconf import app as celery_app

__all__ = ["celery_app"]
__version__ = "3.23-miniature"
