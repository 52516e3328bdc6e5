"""Verification: whether the live overviews are what the accepted log says they must be."""
