"""The profile service: a party's cases as an API and as a page, from PostgreSQL, kept up by sinks of its own."""
