"""Widgets: they take records and safe text, and post messages; none of them knows the database."""
