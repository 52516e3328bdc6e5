"""The profile service: one citizen's overview over HTTP, from PostgreSQL, kept up by a sink of its own."""
