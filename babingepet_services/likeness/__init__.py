"""How alike a simulated market and recordings are."""
