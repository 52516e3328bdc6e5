"""What the profile service and the notifier have in common as processes."""
