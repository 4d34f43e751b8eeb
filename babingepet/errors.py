"""Every error the product raises on purpose, and what the operator does about it.

Add a class here when a caller must act differently; keep messages full sentences that name the
file, field or argument. Errors of libraries are translated where they enter, never re-exported.

BabingepetError
├── InputError             what was given is wrong: mend the file, row or argument (exit code 2)
│   └── ConfigurationError     a setting is missing or contradicts another: mend it and start again
├── Unavailable            something outside does not answer: retrying later helps
│   ├── ExchangeUnavailable    the exchange, or the network to it
│   │   └── RateLimited            the exchange asked the whole client to be silent until a time
│   ├── FeedUnavailable        a feed of context: headlines, fund flows, the index
│   ├── WarehouseUnavailable   the database
│   │   └── OutcomeUnknown         it broke off while committing: look before deciding on
│   ├── MemoryUnavailable      the file of what is remembered (Hippocampus)
│   ├── RecordingStopped       the folder of a recording cannot be written: make room
│   └── TapeUnavailable        the folder or object store of the event tape
│       └── HoursMissing           it answers, and does not hold the hours that are asked for
├── LeaseLost              another loop owns the market now: leave without writing
├── CycleAlreadyDecided    this minute was decided before: go on with the next
└── IntegrityBroken        stored facts contradict each other: a human is needed
"""


class BabingepetError(Exception):
    """Root of all errors raised on purpose."""


class InputError(BabingepetError):
    """What the user gave cannot be used; the message names the file, row, column or argument."""


class ConfigurationError(InputError):
    """A setting is missing, malformed or contradicts another one."""


class Unavailable(BabingepetError):
    """Something outside does not answer; trying again later helps."""


class ExchangeUnavailable(Unavailable):
    """The exchange did not answer in time, or answered with something that is not an answer."""


class RateLimited(ExchangeUnavailable):
    """The exchange asked for silence.

    Attributes:
        until: Exchange time in UTC milliseconds before which no request may be sent.
    """

    def __init__(self, message: str, *, until: int) -> None:
        super().__init__(message)
        self.until = until


class FeedUnavailable(Unavailable):
    """A feed of context did not answer, or answered with something that is no answer of it."""


class WarehouseUnavailable(Unavailable):
    """The database cannot be reached, is locked, full or read-only."""


class OutcomeUnknown(WarehouseUnavailable):
    """The connection broke while it committed: what was to be written is there, or is not."""


class MemoryUnavailable(Unavailable):
    """The file of what is remembered cannot be opened, is locked, full or read-only."""


class RecordingStopped(Unavailable):
    """The folder of a recording is full, gone or read-only; what was recorded is whole."""


class TapeUnavailable(Unavailable):
    """The event tape's folder or object store cannot be reached, is full or read-only."""


class HoursMissing(TapeUnavailable):
    """Hours of the event tape were never recorded, are not stored yet, or are gone."""


class LeaseLost(BabingepetError):
    """Another loop took the lease over; this one writes nothing and leaves."""


class CycleAlreadyDecided(BabingepetError):
    """The cycle's identifier is taken: the minute was decided before."""


class IntegrityBroken(BabingepetError):
    """Stored facts contradict each other: the ledger does not add up, or a hash does not match."""
