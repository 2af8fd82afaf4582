"""Remove stored data about buyers and sales: purge by age, erase on request."""
