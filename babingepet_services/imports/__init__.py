"""Importing files of market facts."""
