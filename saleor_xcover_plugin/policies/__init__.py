"""Make, cancel and change policies at XCover as the state of their orders requires."""
