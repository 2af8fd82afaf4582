"""Which database connection our tasks and views may use."""

from saleor.core.db.connection import allow_writer

__all__ = ["allow_writer"]
