"""The API of the desk: the fields for staff, in all channels of the member of staff who asks."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse, JsonResponse

from ..graphql.context import DeskContext
from ..graphql.staff_schema import desk_schema
from ..graphql.view import answer_operation
from ..host import desk_sign_in

_BEARER = re.compile(r"Bearer ([A-Za-z0-9_.=-]{1,8192})")
_CODE = "UNAUTHENTICATED"


def api_view(request: HttpRequest) -> HttpResponse:
    """Answer one POSTed operation, after its token was verified; 401 with a sentence without one.

    The token is read from the header Authorization only: not from a cookie, not from the address.
    """
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    found = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    try:
        staff = desk_sign_in.staff_of(found[1] if found else "")
    except desk_sign_in.SignInRefused as refused:
        error = {"message": str(refused), "extensions": {"code": _CODE}}
        return _unstored(JsonResponse({"errors": [error]}, status=401))
    context = DeskContext(staff.channel_ids)
    return _unstored(answer_operation(request, desk_schema, lambda: True, lambda: context))


def _unstored(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
