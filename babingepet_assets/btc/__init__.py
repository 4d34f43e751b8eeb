"""The BTC/USDT perpetual, every 60 seconds."""
