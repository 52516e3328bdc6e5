"""Intake: from what an agency submitted to the canonical log, or back to the agency with the reasons."""
