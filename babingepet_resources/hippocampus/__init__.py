"""Hippocampus: the file of what is remembered, ``babingepet_memory.sqlite``."""
