"""Rebuild: a new overviews topic, folded from the accepted log beside the live one, that then takes its place."""
