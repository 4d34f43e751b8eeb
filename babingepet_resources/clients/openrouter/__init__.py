"""OpenRouter: one address behind which many models answer, each at its own price.

values      what is asked of a model, and every way in which asking can end
catalogue   which models exist, what they may cost, what they understand
body        the provider's words and numbers, read from a body that is hostile until proven otherwise
capped      bodies cut off while they are read
client      one request, one value; nothing a model does is an exception

Trying again, other models and budgets belong to services: each attempt is in the ledger first.
"""
