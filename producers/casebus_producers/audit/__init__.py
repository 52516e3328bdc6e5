"""The audit log of operators' acts: append-only, chained by hashes, in a topic of its own."""
