"""The analysts beside the loop: models are asked, paid for once, and what they say is stored.

rounds     a round, live: about which minute, once in twenty, in one transaction
seating    what a round reads before it asks
facts      what the analysts are told, in words
records    a round as rows, whoever answered
report     rounds, analysts and costs as they are told; ``told`` is the newest verdict

asking     every agent's question, the models it falls back on, one deadline
ledger     what must hold before and after each call, in one transaction each
budget     how much may be spent, and the sentence that says no
resting    which models are left alone for a while
said       what was said in the rounds of a period; ``calibrated``, ``training`` and ``value`` judge it
values     what all of them hand on

Requests belong to ``clients.openrouter``; what an answer means belongs to the engine.
"""
