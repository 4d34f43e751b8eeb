"""Real processes for benchmarks of the whole platform."""
