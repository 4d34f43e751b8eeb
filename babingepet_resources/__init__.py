"""The outside world: settings, clients, the loopback exchange, the warehouse and its Dagster wrappers."""
