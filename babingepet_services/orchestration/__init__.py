"""What Dagster's processes need before they start: their settings, and their tables."""
