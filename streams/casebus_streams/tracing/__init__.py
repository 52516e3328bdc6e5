"""Spans of the two stages, made after a batch is committed and only of records whose trace is recorded."""
