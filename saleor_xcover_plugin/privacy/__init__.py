"""What is held about people and sales, and how it ends: purge by age, erase on request."""
