"""Filling the past from the archive and the exchange."""
