"""Overviews: from the canonical log to one materialized view per party, and the changes that made it."""
