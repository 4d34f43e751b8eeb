"""What a replay came to: a row a decided minute, a row a closed trade, the account at the end."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from babingepet.cycles.btc_values import BtcState
from babingepet.market.frames import Bools, Codes, Floats, Frame, Ints
from babingepet.replay.kernel import Columns
from babingepet.replay.market import ReplayMarket, ReplayRules


@dataclass(frozen=True, eq=False)
class Minutes:
    """One row a decided minute, ascending; columns of shape (n,).

    Attributes:
        as_of: End of the minute, UTC milliseconds.
        close: Its close, quote currency.
        scores: By name of the signals that the source can supply, NaN where unavailable.
        score: The weighted score.
        coverage: Measured weight over the weight that the source can supply.
        verdict: Code of ``Verdict``.
        votes: Signals on the side of the score.
        points: Of the grade, 0 to 100.
        grade: Code of ``Grade``.
        regime: Code of ``Regime``, confirmed.
        blocked: Bits of the gates that said no; 0 ordered an entry.
        side: Of the position after the minute: 1, -1, 0.
        equity: Marked at the close, quote currency.
        exposure: Notional over equity; 0 without a position.
    """

    as_of: Ints
    close: Floats
    scores: Mapping[str, Floats]
    score: Floats
    coverage: Floats
    verdict: Codes
    votes: Codes
    points: Floats
    grade: Codes
    regime: Codes
    blocked: npt.NDArray[np.int32]
    side: Codes
    equity: Floats
    exposure: Floats

    def __len__(self) -> int:
        return len(self.as_of)

    def rows(self, start: int, stop: int) -> Minutes:
        """Rows by position, as views."""
        cut = {name: column[start:stop] for name, column in vars(self).items() if name != "scores"}
        scores = {name: column[start:stop] for name, column in self.scores.items()}
        return Minutes(**cut, scores=scores)


@dataclass(frozen=True, eq=False)
class ReplayTrades(Frame):
    """Closed trades in the order of their exits, a real one before a shadow of the same minute.

    The columns are those of ``ClosedTrade``; codes are those of ``Side``, ``ExitReason``, ``Grade``.
    """

    TIME: ClassVar[str] = "exit_time"

    side: Ints
    quantity: Floats
    entry_time: Ints
    entry_price: Floats
    exit_time: Ints
    exit_price: Floats
    exit_reason: Ints
    initial_stop: Floats
    stop: Floats
    target: Floats
    peak: Floats
    armed: Bools
    grade: Ints
    fees_paid: Floats
    funding_paid: Floats
    gross_pnl: Floats
    net_pnl: Floats
    net_return: Floats
    r_multiple: Floats
    slippage_paid: Floats
    shadow: Bools


@dataclass(frozen=True, eq=False)
class Replay:
    """One replay: what was read, under which rules, and what came of it.

    Attributes:
        market: What was replayed.
        rules: What decided.
        start: Decisions lie at start <= as_of < end, UTC milliseconds.
        end: See ``start``.
        capability: The signals that the source can ever supply, in registry order.
        columns: What the rules read of each decided minute.
        minutes: A row a decided minute.
        trades: Closed trades, shadows among them.
        state: The account after the last minute.
    """

    market: ReplayMarket
    rules: ReplayRules
    start: int
    end: int
    capability: tuple[bool, ...]
    columns: Columns
    minutes: Minutes
    trades: ReplayTrades
    state: BtcState

    @property
    def ledger_sha256(self) -> str:
        """Content address of all money: trades, equity of every minute, the ledger at the end."""
        digest = hashlib.sha256(self.trades.to_bytes())
        for column in (self.minutes.as_of, self.minutes.equity, np.array(self.state.ledger)):
            digest.update(np.ascontiguousarray(column, column.dtype.newbyteorder("<")).tobytes())
        return digest.hexdigest()
