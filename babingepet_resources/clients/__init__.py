"""Clients of outside services, one file each. Vendor words stop here."""
