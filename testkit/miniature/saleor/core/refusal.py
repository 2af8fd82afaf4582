"""Refusals: those of Saleor, and those of behaviour that only a real Saleor has."""

from typing import NoReturn

from django.core.exceptions import ValidationError


def deny(sentence: str, code: str, field: str | None = None) -> NoReturn:
    """Raise ValidationError for what Saleor refuses as well, with Saleor's code."""
    error = ValidationError(sentence, code)
    raise ValidationError({field: error}) if field else error


def refuse(sentence: str, code: str = "invalid") -> NoReturn:
    """Raise ValidationError for what only a real Saleor does; ``sentence`` has no subject."""
    deny(f"The miniature {sentence}; use a real Saleor.", code)
