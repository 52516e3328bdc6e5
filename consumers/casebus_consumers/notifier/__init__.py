"""The notification service: from what changed in a case to a message that the citizen is glad to get."""
