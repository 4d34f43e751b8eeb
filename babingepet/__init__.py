"""The engine: pure, deterministic rules over numbers. No network, database, environment or clock."""

__version__ = "0.1.0"
