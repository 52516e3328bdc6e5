"""Readers of the bus: a subscription and a transactional PostgreSQL sink, and the services built on them."""
