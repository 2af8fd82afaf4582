import secrets

from django.db import models
from django_countries.fields import CountryField

from ..permission.enums import OrderPermissions


def _token_key() -> str:
    return secrets.token_hex(6)


class Address(models.Model):
    first_name = models.CharField(max_length=256, blank=True)
    last_name = models.CharField(max_length=256, blank=True)
    company_name = models.CharField(max_length=256, blank=True)
    street_address_1 = models.CharField(max_length=256, blank=True)
    street_address_2 = models.CharField(max_length=256, blank=True)
    city = models.CharField(max_length=256, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = CountryField()
    country_area = models.CharField(max_length=128, blank=True)
    phone = models.CharField(max_length=32, blank=True, default="")


class User(models.Model):
    email = models.EmailField(unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    is_confirmed = models.BooleanField(default=True)
    jwt_token_key = models.CharField(max_length=12, default=_token_key)

    def has_perm(self, _permission: OrderPermissions) -> bool:
        """Return True for staff, who have every permission here."""
        return bool(self.is_active and self.is_staff)
