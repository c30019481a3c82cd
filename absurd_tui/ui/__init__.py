"""The dashboard: a Textual app over snapshots of the database."""
