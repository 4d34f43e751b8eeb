"""Binance's public archive: whole months and days of market facts as ZIP files with checksums.

files      which files there are and how they are named
client     one file: cached, or downloaded and checked
download   many files, a few at a time, in their order

What is in a file belongs to ``market_files``; which files are wanted belongs to services.
"""
