"""Years of minutes through the rules of the live cycle.

``market`` is what is replayed; ``columns`` turns it into series, month by month; ``kernel`` walks them;
``run`` puts the three together; ``result`` is what comes out. ``baselines`` and ``coin_flips`` are what
it stands beside. ``sweep`` decides one market many times (``trials``, ``windows``, ``deflation``), and
``lookahead`` proves that nothing told depends on what came later (``truth``, ``futures``, ``told``).
"""
