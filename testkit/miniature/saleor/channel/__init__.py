class MarkAsPaidStrategy:
    TRANSACTION_FLOW = "transaction_flow"
    PAYMENT_FLOW = "payment_flow"
