"""Merge: two parties turn out to be one; what the bus knows of the old one moves to the new one."""
