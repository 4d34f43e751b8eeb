"""A day of the BTC market as it is shown: tables and pictures of each asset."""
