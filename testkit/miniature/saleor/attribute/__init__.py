class AttributeInputType:
    PLAIN_TEXT = "plain-text"
    DATE = "date"
    DATE_TIME = "date-time"
