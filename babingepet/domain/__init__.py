"""Values and enumerations of the trading domain, free of input and output."""
