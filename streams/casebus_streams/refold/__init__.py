"""Folding the accepted log once more, from its beginning: what verification and rebuild share."""
