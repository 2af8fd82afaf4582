from django.db import models

from ..channel.models import Channel


class PluginConfiguration(models.Model):
    identifier = models.CharField(max_length=128)
    name = models.CharField(max_length=128, default="")
    description = models.TextField(blank=True, default="")
    active = models.BooleanField(default=False)
    channel = models.ForeignKey(Channel, null=True, on_delete=models.CASCADE)
    configuration = models.JSONField(null=True, blank=True, default=dict)

    class Meta:
        unique_together = ("identifier", "channel")
