"""What is learned from what was decided, and the proof that it can be decided again."""
