"""Programs for those who work on Babingepet; nothing here is installed with the product."""
