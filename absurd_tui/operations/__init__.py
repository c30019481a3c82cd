"""What an operator does to a task, on an envelope that locks, compares, calls, reads back and tells the truth."""
