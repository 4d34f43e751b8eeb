"""What is learned of the stored history, as reports."""
