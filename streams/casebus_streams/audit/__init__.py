"""The audit log as an auditor sees it: read, exported, verified. Appending is in ``casebus_producers.audit``."""
