"""The connection: a plain session with its timeouts, what its faults mean, and what the server is."""
