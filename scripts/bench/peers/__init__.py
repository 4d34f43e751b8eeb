"""Programs that a benchmark starts, each in its own process: ours, and peers in their own environments.

``bars`` and ``measured`` are what all of them share and need only numpy, the one library that every
environment has. ``environments`` makes those of the peers. Each ``with_*`` runs one peer.
"""
