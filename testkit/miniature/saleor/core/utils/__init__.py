from urllib.parse import urljoin

from django.conf import settings


def build_absolute_uri(location: str, domain: str | None = None) -> str:
    """Return the whole address of a path, at the address the demo's store is opened under."""
    return urljoin(f"http://{domain}" if domain else settings.MINIATURE_URL, location)
