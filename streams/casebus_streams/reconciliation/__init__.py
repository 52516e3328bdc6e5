"""Reconciliation: whether every event that an agency had confirmed has an answer."""
