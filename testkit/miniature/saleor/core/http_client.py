import requests_hardened
from django.conf import settings

HTTPClient = requests_hardened.Manager(
    requests_hardened.Config(
        ip_filter_enable=True,
        ip_filter_allow_loopback_ips=settings.HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS,
        never_redirect=True,
        default_timeout=settings.COMMON_REQUESTS_TIMEOUT,
        user_agent_override="Saleor-miniature/3.23",
    )
)
