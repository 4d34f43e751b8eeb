"""A process of its own that writes into a memory until it is killed or done.

Run as ``python writer.py FILE NAME COUNT WHAT``: ``store`` one engram after the other, each in its
own transaction, or ``decay`` all of them over and over; a line on standard output for each done.
"""

import sys
from itertools import count
from pathlib import Path

from babingepet.market.intervals import DAY, MINUTE
from babingepet.memory.engrams import Engram
from babingepet_resources.hippocampus.store import Hippocampus

NOW = 1_746_403_200_000


def main(file: str, name: str, times: int, what: str) -> None:
    store = Hippocampus(Path(file))
    for number in count() if times == 0 else range(times):
        time = NOW + number * MINUTE
        if what == "decay":
            store.trigger_decay(now=NOW + (number + 1) * DAY)
        else:
            text = f"{name} number{number} bitcoin rises"
            engram = Engram("note", "btc", "BTCUSDT", "recorded", text, time, time, fact_id=text)
            store.store_engram(engram, now=time)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
    store.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
