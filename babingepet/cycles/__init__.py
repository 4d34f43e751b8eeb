"""The order of the stages, a file a market; nothing else knows it."""
