"""What the services with a database contribute to ``casebus status`` and ``casebus doctor``."""
