"""Apps and their places in the dashboard, with the columns of Saleor 3.23."""

from django.db import models

from ..permission.enums import OrderPermissions
from ..permission.models import Permission
from .types import AppType


class App(models.Model):
    name = models.CharField(max_length=60)
    is_active = models.BooleanField(default=True)
    removed_at = models.DateTimeField(blank=True, null=True)
    type = models.CharField(max_length=60, default=AppType.LOCAL)
    identifier = models.CharField(max_length=256, blank=True)
    permissions = models.ManyToManyField(Permission, blank=True)
    app_url = models.URLField(blank=True, null=True)
    manifest_url = models.URLField(blank=True, null=True)
    version = models.CharField(max_length=60, blank=True, null=True)
    audience = models.CharField(max_length=256, blank=True, null=True)
    is_installed = models.BooleanField(default=True)
    author = models.CharField(max_length=60, blank=True, null=True)
    about_app = models.TextField(blank=True, null=True)
    # Saleor keeps a picture, which needs Pillow.
    brand_logo_default = models.FileField(upload_to="app-brand-data", blank=True, null=True)

    def has_perm(self, permission: OrderPermissions) -> bool:
        app_label, codename = permission.value.split(".")
        wanted = self.permissions.filter(content_type__app_label=app_label, codename=codename)
        return self.is_active and wanted.exists()


class AppExtension(models.Model):
    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="extensions")
    label = models.CharField(max_length=256)
    url = models.URLField()
    mount = models.CharField(max_length=256)
    target = models.CharField(max_length=128, default="popup")
    permissions = models.ManyToManyField(Permission, blank=True)
    http_target_method = models.CharField(max_length=8, null=True)
    settings = models.JSONField(blank=True, default=dict)
    identifier = models.CharField(max_length=256, null=True)


class AppProblem(models.Model):
    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="problems")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    message = models.CharField(max_length=2048)
    key = models.CharField(max_length=128)
    count = models.PositiveIntegerField(default=1)
    is_critical = models.BooleanField(default=False)
    dismissed = models.BooleanField(default=False)
