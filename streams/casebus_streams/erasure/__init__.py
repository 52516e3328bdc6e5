"""Erasing a party: real deletion in every topic and table, resumable, proven by reading, and with a signed receipt."""
