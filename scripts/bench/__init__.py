"""Benchmarks: figures and ratios of one run, a module each; ``scripts/dev.py bench NAME``."""
