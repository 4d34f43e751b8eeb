"""A small recorded market of made-up minutes, in the exchange's own columns."""

from pathlib import Path

from babingepet.market.intervals import DAY, HOUR, MINUTE
from scripts.bench.common.market import START, random_walk

END = START + 2 * HOUR


def write_recording(path: Path, end: int = END, drift: float = 0.0) -> Path:
    """Write the minutes from two days before noon of 2025-04-22 to ``end``."""
    bars = random_walk(END - 2 * DAY, end, seed=8, drift=drift)
    names = (
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
        "taker_buy_quote_volume,ignore"
    )
    with path.open("w") as file:
        file.write(names + "\n")
        for row in zip(*(column.tolist() for column in bars.columns().values()), strict=True):
            time, open_, high, low, close, base, quote, count, bought = row
            prices = ",".join(f"{value:.2f}" for value in (open_, high, low, close))
            taker = f"{bought:.3f},{bought * close:.2f},0"
            volumes = f"{base:.3f},{time + MINUTE - 1},{quote:.2f},{count:.0f},{taker}"
            file.write(f"{time},{prices},{volumes}\n")
    return path
