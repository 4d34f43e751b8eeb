"""What stored decisions read, found again and compared with the hashes in their manifests.

Belongs here: a manifest on its way back to the engine's inputs. Does not belong here: the candles
and the tape themselves (``capture.candles``, ``capture.tape``), and deciding (``replay.cycle``).

Nothing is kept that another decision could not have read as well: a day's decisions are asked for
one after the other, and what the next one shares with the last is not read twice.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection

from babingepet.cycles.btc import CycleInputs, WeightBook
from babingepet.cycles.btc_state import load_state
from babingepet.cycles.btc_values import BtcState
from babingepet.cycles.settings import BtcSettings, from_names
from babingepet.domain.decision import canonical_json, sha256
from babingepet.errors import IntegrityBroken
from babingepet.market.frames import FundingRates
from babingepet.market.open_interest import OpenInterestHour
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.warehouse import funding
from babingepet_resources.warehouse.records import CycleInputsRecord
from babingepet_services.btc.context import Context, read_context, signal_inputs
from babingepet_services.capture.candles import CapturedCandles, Manifest, as_read
from babingepet_services.capture.tape import CapturedTape, stored_blob

Rules = tuple[BtcSettings, WeightBook]


class Captured:
    """All that stored decisions read; ask in ascending time.

    Args:
        connection: Of one reading transaction.
        until: No decision asked for is later, UTC ms.
        event_tape: Where raw tapes are that left the warehouse; None to look there only.
    """

    def __init__(
        self, connection: Connection, until: int, event_tape: EventTape | None = None
    ) -> None:
        self._connection = connection
        self._candles = CapturedCandles(connection, until)
        self._tape = CapturedTape(connection, event_tape)
        self._rules: dict[str, Rules] = {}

    @property
    def gone(self) -> str | None:
        """What of the last decision's inputs retention removed, in a sentence."""
        return self._tape.gone

    def inputs(self, stored: CycleInputsRecord) -> CycleInputs:
        """The facts that a decision read.

        Raises:
            IntegrityBroken: They are not in the warehouse any more, or not what was read.
            TapeUnavailable: The event tape does not answer.
        """
        manifest = stored.manifest
        if sha256(canonical_json(manifest)) != stored.inputs_hash:
            raise IntegrityBroken("the manifest in the warehouse is not the one that was written")
        history = self._candles.read(manifest)
        rates = self._funding(manifest)
        context = self._context(manifest)
        tape = self._tape.read(manifest)
        named = manifest.get("open_interest")
        hour = OpenInterestHour(*named) if named else None  # none: written before it was read
        signals = signal_inputs(history, tape, rates, context, manifest["as_of"], hour)
        return CycleInputs(
            symbol=manifest["symbol"],
            source=manifest["source"],
            signals=signals,
            feeds=frozenset(manifest["feeds"]),
            clock=manifest["clock"],
            clock_skew=manifest["clock_skew"],
            failed_checks=tuple(manifest["failed_checks"]),
            paused=manifest["paused"],
        )

    def state(self, digest: str) -> BtcState:
        """The state with this hash.

        Raises:
            IntegrityBroken: It is not stored, damaged, or one of another version.
        """
        return load_state(stored_blob(self._connection, digest, "state"))

    def rules(self, digest: str) -> Rules:
        """Settings and weights with this hash.

        Raises:
            IntegrityBroken: They are not stored, or damaged.
            InputError: They are those of a version with other settings.
        """
        if digest not in self._rules:
            stored: dict[str, Any] = json.loads(stored_blob(self._connection, digest, "rules"))
            weights = WeightBook(stored["weights"]["version"], tuple(stored["weights"]["weights"]))
            self._rules[digest] = from_names(BtcSettings(), stored["settings"]), weights
        return self._rules[digest]

    def _funding(self, manifest: Manifest) -> FundingRates:
        as_of, named = manifest["as_of"], manifest["funding"]
        market = (manifest["symbol"], manifest["source"])
        return as_read(
            "funding",
            lambda known_until: funding.read(
                self._connection, *market, named["start"], as_of + 1, known_until=known_until
            ),
            as_of,
            named["sha256"],
        )

    def _context(self, manifest: Manifest) -> Context:
        nothing = Context()
        if manifest.get("context", nothing.manifest()) == nothing.manifest():
            return nothing  # written before there was any, filed nothing yet, or could not be asked
        feeds = frozenset(manifest["feeds"])
        context = read_context(self._connection, feeds, manifest["as_of"])
        read = context.manifest()
        for name, named in manifest["context"].items():
            if read[name] != named:
                raise IntegrityBroken(f"the {name} in the warehouse are not those that were read")
        return context
