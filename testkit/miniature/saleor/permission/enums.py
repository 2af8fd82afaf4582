from enum import Enum


class OrderPermissions(Enum):
    MANAGE_ORDERS = "order.manage_orders"
