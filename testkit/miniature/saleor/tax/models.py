"""Taxes are flat and 0 here; the tables exist because the plugin reads and fills them."""

from django.db import models
from django_countries.fields import CountryField

from ..channel.models import Channel
from ..core.models import ModelWithMetadata
from . import TaxCalculationStrategy


class TaxClass(ModelWithMetadata):
    name = models.CharField(max_length=255)


class TaxClassCountryRate(models.Model):
    tax_class = models.ForeignKey(
        TaxClass, related_name="country_rates", null=True, on_delete=models.CASCADE
    )
    country = CountryField()
    rate = models.DecimalField(max_digits=20, decimal_places=3)


class TaxConfiguration(ModelWithMetadata):
    channel = models.OneToOneField(
        Channel, related_name="tax_configuration", on_delete=models.CASCADE
    )
    charge_taxes = models.BooleanField(default=True)
    tax_calculation_strategy = models.CharField(
        max_length=20, default=TaxCalculationStrategy.FLAT_RATES
    )
    display_gross_prices = models.BooleanField(default=True)
    prices_entered_with_tax = models.BooleanField(default=True)


class TaxConfigurationPerCountry(models.Model):
    tax_configuration = models.ForeignKey(
        TaxConfiguration, related_name="country_exceptions", on_delete=models.CASCADE
    )
    country = CountryField()
    tax_calculation_strategy = models.CharField(max_length=20, blank=True, null=True)
