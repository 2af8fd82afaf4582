"""Tell which of XCover's links may be shown to anybody.

Links to a certificate, an account or a claim carry a token that opens the policy without a login
(recorded: https://github.com/CoverGenius/xcover-python). The policy wording does not need one.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

_HARMLESS = {
    "policy_type": re.compile(r"[a-z0-9_]{1,80}"),
    "quote_id": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
}
"""Recorded parameters of links to a policy wording, which name the product."""
_TOKEN = re.compile(r"[A-Za-z0-9]{5}(-[A-Za-z0-9]{5}){3}")
"""Form of recorded tokens."""


def without_token(link: str | None) -> str | None:
    """Return the link if nothing in it can be a token, else None."""
    if not link:
        return None
    try:
        parts = urlsplit(link)
        has_query = bool(parts.query)
        parameters = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=has_query)
    except ValueError:
        return None
    is_harmless = all(
        name in _HARMLESS and _HARMLESS[name].fullmatch(value) for name, value in parameters
    )
    is_plain = not (parts.username or parts.password or parts.fragment)
    return link if is_harmless and is_plain and not _TOKEN.search(parts.path) else None
