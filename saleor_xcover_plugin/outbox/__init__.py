"""Transactional outbox: every call to XCover that must happen is a row until it is settled."""
