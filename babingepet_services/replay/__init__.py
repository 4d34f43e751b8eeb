"""Deciding again: cycles, days, months, sweeps, and how they compare."""
