"""The read model: what the dashboard knows of the database, as frozen records, and how it is read."""
