"""What an account came to."""
