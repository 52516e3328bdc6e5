"""Ways to hand a message over: SMTP, webhook, and files for development."""
