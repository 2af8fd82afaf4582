"""Requestors and their permissions. Tokens are signed names of staff, two apps and customers."""

from __future__ import annotations

from django.core import signing
from graphql import GraphQLError

STAFF = "staff"
PAYMENT_APP = "payment app"
STORE_APP = "store app"
CUSTOMER = "customer "
"""Begins the names of customers; their primary keys follow."""
_SALT = "miniature"


class PermissionDenied(GraphQLError):  # type: ignore[misc]  # graphql-core 2 has no types
    pass


def token_of(requestor: str) -> str:
    return signing.dumps(requestor, salt=_SALT)


def requestor_of(authorization: str) -> str:
    """Return the requestor of the header, or an empty string for a shopper."""
    token = authorization.removeprefix("Bearer ")
    try:
        return str(signing.loads(token, salt=_SALT)) if token else ""
    except signing.BadSignature:
        return ""


def require(requestor: str, *allowed: str) -> None:
    if requestor not in allowed:
        raise PermissionDenied("You need more permissions to do this.")
