"""Saying no: as Saleor does, or with a sentence instead of an invention."""

from typing import NoReturn

from django.core.exceptions import ValidationError


def deny(sentence: str, code: str, field: str | None = None) -> NoReturn:
    """Raise ValidationError for what Saleor denies as well, with its code."""
    error = ValidationError(sentence, code)
    raise ValidationError({field: error}) if field else error


def refuse(sentence: str, code: str = "invalid") -> NoReturn:
    """Raise ValidationError for what only a real Saleor does; ``sentence`` goes without subject."""
    deny(f"The miniature {sentence}; use a real Saleor.", code)
