class TaxCalculationStrategy:
    FLAT_RATES = "FLAT_RATES"
    TAX_APP = "TAX_APP"
