"""The parts of `babingepet run`: child processes, Dagster's home, the market, what is announced."""
