"""From a trade or a decision back to everything that made it."""
