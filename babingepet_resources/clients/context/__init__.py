"""Feeds of what a decision may know beside the market, asked over HTTP. All they answer is hostile.

fetch        one answer within limits of time and size
google_news  a search of Google News, as RSS
daily        fund flows and the index of fear and greed: files of ``market_files`` at an address
"""
