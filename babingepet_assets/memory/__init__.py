"""What is remembered of the days that were decided."""
