"""The embedded analysts: a rule a seat, for when no model is asked. A file a market."""
