"""Addresses and e-mail of invented buyers."""

NEW_YORK = {
    "firstName": "Ada",
    "lastName": "Example",
    "streetAddress1": "1 Example Street",
    "city": "New York",
    "postalCode": "10001",
    "country": "US",
    "countryArea": "NY",
    "phone": "+12125550123",
}
BERLIN = {
    "firstName": "Grace",
    "lastName": "Beispiel",
    "streetAddress1": "Beispielstr. 1",
    "city": "Berlin",
    "postalCode": "10115",
    "country": "DE",
    "phone": "+4930901820",
}
OSLO = {
    "firstName": "Kari",
    "lastName": "Eksempel",
    "streetAddress1": "Eksempelveien 1",
    "city": "Oslo",
    "postalCode": "0150",
    "country": "NO",
    "phone": "+4722123456",
}
EMAIL = "ada@example.com"
