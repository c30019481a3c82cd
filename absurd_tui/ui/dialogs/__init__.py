"""Dialogs: each asks one question about one frozen target, and gives a frozen request, or None."""
