"""The analysts of a market: who they are, what they answer, and what they agree on.

``agents`` and ``rosters`` say who is asked, ``prompts`` what they are told, ``answers`` reads what
they write back, ``consensus`` puts the answers together (``consensus_series`` at every moment at
once), ``track_record`` and ``calibration`` judge them by what happened, ``drop_one`` says what each
one is worth, ``analysts`` are the rules that answer where no model is asked. Asking models, prompt
files and stored answers belong to resources and services.
"""
