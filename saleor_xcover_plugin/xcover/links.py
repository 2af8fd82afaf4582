"""Tell which of XCover's links may be shown to anybody.

Links to a certificate, an account or a claim carry a token that opens the policy without a login
(recorded: https://github.com/CoverGenius/xcover-python). The policy wording does not need one.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_HARMLESS = {
    "policy_type": re.compile(r"[a-z0-9_]{1,80}"),
    "quote_id": re.compile(_UUID),
}
"""Recorded parameters of links to a policy wording, which name the product."""
_WORDING = re.compile(
    rf"(/[a-z]{{2}}(-[a-z]{{2}})?)?/pds/([A-Z0-9]{{5}}-[A-Z0-9]{{5}}-INS|{_UUID})"
)
"""Recorded paths of policy wordings, by the number of the policy or the id of the offer."""
_DOCUMENT = re.compile(r"(/[a-z]{1,20}([_-][a-z]{1,20})*){1,8}(\.pdf|\.html)?")
"""Paths made of words."""


def without_token(link: str | None) -> str | None:
    """Return the link if every part of it has a form known to hold no token, else None."""
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
    is_known = _WORDING.fullmatch(parts.path) or _DOCUMENT.fullmatch(parts.path)
    return link if is_harmless and is_plain and is_known else None
