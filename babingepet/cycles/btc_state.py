"""The BTC state as canonical JSON and back: what survives a restart, to the bit."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from babingepet.cycles.btc_values import BtcState
from babingepet.domain.decision import canonical_json
from babingepet.errors import IntegrityBroken
from babingepet.paper.guards import Guards
from babingepet.paper.position import Ledger, Order, Position
from babingepet.voting.debounce import Debounce
from babingepet.voting.edge import record_of

PARTS: dict[str, Any] = {
    "ledger": Ledger,
    "order": Order,
    "position": Position,
    "shadow_order": Order,
    "shadow": Position,
    "guards": Guards,
    "debounce": Debounce,
}


def dump_state(state: BtcState) -> bytes:
    """Canonical JSON of a state; floats keep every bit."""
    parts = {name: getattr(state, name)._asdict() for name in PARTS}
    return canonical_json({**parts, "returns": state.record.returns.tolist()})


def load_state(payload: bytes) -> BtcState:
    """Read what ``dump_state`` wrote.

    Raises:
        IntegrityBroken: The payload is not a state of this version.
    """
    try:
        stored = json.loads(payload)
        parts = {name: kind(**stored[name]) for name, kind in PARTS.items()}
        returns = np.array(stored["returns"], dtype=np.float64)
    except (ValueError, KeyError, TypeError) as error:
        raise IntegrityBroken(f"the stored state cannot be read: {error}") from error
    return BtcState(**parts, record=record_of(returns))
