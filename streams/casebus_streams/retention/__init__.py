"""Retention: cases whose time is past leave the overviews, and later the log. The stream itself says what day it is."""
