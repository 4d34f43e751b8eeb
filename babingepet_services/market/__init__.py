"""The market around the decisions: its source, health, gaps, recordings and tape."""
