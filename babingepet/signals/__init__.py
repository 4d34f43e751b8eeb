"""The BTC signals, a file each, and their registry."""
