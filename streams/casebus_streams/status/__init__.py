"""How the bus is doing, as an operator's credentials let one see it: ``casebus status``."""
