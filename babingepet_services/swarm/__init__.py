"""Asking the analysts' models: each call is allowed, booked and paid for once.

asking     a round: every agent's question, the models it falls back on, one deadline
ledger     what must hold before and after each call, in one transaction each
budget     how much may be spent, and the sentence that says no
resting    which models are left alone for a while

Requests belong to ``clients.openrouter``; what an answer means belongs to the engine.
"""
