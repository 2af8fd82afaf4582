"""Who signs tokens: this miniature, with its secret key."""

from django.conf import settings
from jwt import decode, encode

from .utils import build_absolute_uri

_ALGORITHM = "HS256"


class JWTManager:
    @classmethod
    def get_issuer(cls) -> str:
        return build_absolute_uri("/graphql/")

    @classmethod
    def encode(cls, payload: dict[str, object]) -> str:
        return encode(payload, settings.SECRET_KEY, _ALGORITHM)

    @classmethod
    def decode(cls, token: str, verify_aud: bool = True) -> dict[str, object]:
        # As in Saleor, neither the audience nor the issuer is looked at.
        return decode(token, settings.SECRET_KEY, [_ALGORITHM], options={"verify_aud": verify_aud})


def get_jwt_manager() -> type[JWTManager]:
    return JWTManager
