"""What a decision may know beside the market: feeds asked, their answers filed, and headlines scored.

A feed that is down is no error: each attempt is on record as a check of the feed, with its reason.

report        what an attempt came to
tones         headlines read for their tone, by the lexicon or by who was asked before
tone_model    a model asked to read headlines
tone_answers  what of its answer counts
news          headlines of a search
daily         fund flows and the index of fear and greed
sentiment     the tone of the last day, scored by the signal's own function
"""
