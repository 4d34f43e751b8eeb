"""A rehearsal of the loop on a loopback exchange."""
