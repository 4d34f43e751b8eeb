"""What the product remembers: taken from the warehouse, and told to whoever asks."""
