from dataclasses import dataclass
from uuid import UUID

from ..product.models import ProductVariant
from .models import OrderLine


@dataclass
class OrderLineInfo:
    line: OrderLine
    quantity: int
    variant: ProductVariant | None = None
    warehouse_pk: UUID | None = None
