"""An explanation on the terminal, section by section.

Belongs here: the sections of a decision. Those of a trade are in ``explain_trade_view``, those of the
analysts in ``explain_analysts_view``; what is told is decided by the service.
"""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from babingepet_delivery.cli.explain_analysts_view import print_analysts
from babingepet_delivery.cli.explain_trade_view import print_trade
from babingepet_delivery.cli.format import (
    HASH,
    harmless,
    instant,
    moment,
    money,
    plain_table,
    score_text,
    section,
    side_text,
    signed,
    verdict_text,
)

Document = dict[str, Any]

RAW_VALUES = 4
"""Numbers behind a score that fit its row; --json has all of them."""
PRINTS = 8
"""Large prints shown, newest last."""


def print_explanation(console: Console, document: Document, *, with_prompts: bool) -> None:
    """Print everything that fits people; --json has the rest."""
    found, decision = document["found_in"], document["decision"]
    title = Text(document["id"], style="bold")
    title.append(f"  {decision['symbol']} from {decision['source']}", style="cyan")
    title.append(f"  {found['warehouse']} warehouse, book {found['book']}", style="dim")
    if found["also_in"]:
        others = ", ".join(found["also_in"])
        title.append(f"; also in {others} (--warehouse chooses)", style="yellow")
    console.print(title)
    if document["trade"]:
        print_trade(console, document["trade"])
        console.print()
        section(console, f"The decision that ordered it: {decision['cycle_id']}")
    _print_verdict(console, decision)
    _print_signals(console, decision)
    print_analysts(console, decision["analysts"], with_prompts=with_prompts)
    _print_gates(console, decision)
    _print_market(console, decision["market"])
    _print_gaps(console, decision["gaps"])
    _print_account(console, decision)
    _print_provenance(console, decision["provenance"])


def _print_verdict(console: Console, decision: Document) -> None:
    limits = decision["thresholds"]
    text = Text.assemble(
        verdict_text(decision["verdict"]), " at score ", score_text(decision["score"]),
        f" (buy {limits['buy']:+.4f}, strong {limits['strong']:+.4f}), {decision['votes']} votes, "
        f"{decision['coverage']:.0%} of what this source can supply was measured\n",
        f"{moment(decision['as_of'])} UTC, close {money(decision['close_price'])}, regime "
        f"{decision['regime']}, grade {decision['grade']} ({decision['grade_points']:.1f} points)",
    )  # fmt: skip
    text.append(f"\nedge: {_numbers(decision['edge'])}\nsize: {_numbers(decision['size'])}")
    for notice in decision["notices"]:
        text.append(f"\n{notice}", style="yellow")
    console.print(text)
    _print_outcome(console, decision)


def _print_outcome(console: Console, decision: Document) -> None:
    ordered, after = decision["order"] or decision["shadow_order"], decision["followed_by"]
    if ordered:
        kind = "" if decision["order"] else "shadow "
        text = Text.assemble(
            f"ordered: {kind}", side_text(ordered["side"]), f" {ordered['quantity']:g}"
        )
        if after and after["outcome"] == "filled":
            text.append(f", filled at {money(after['price'])}: explain {after['position_id']}")
        elif after:
            text.append(f", lapsed in {after['cycle_id']}")
        console.print(text)
    for name in ("closed", "shadow_closed", "position", "shadow"):
        held = decision[name]
        if held:
            word = name.replace("_", " ")
            console.print(f"{word}: {held['side']} {held['quantity']:g}, {held['position_id']}")


def _print_signals(console: Console, decision: Document) -> None:
    section(console, "Signals (contributions add up to the score)")
    table = plain_table("signal", right=("weight", "score", "contribution"), left=("from",))
    for row in decision["signals"]:
        missing = row["score"] is None
        behind = row["reason"] if missing else _numbers(row["raw"], RAW_VALUES)
        table.add_row(
            row["name"], f"{row['weight']:.2f}", score_text(row["score"]),
            signed(row["contribution"]), Text(harmless(behind)), style="dim" if missing else None,
        )  # fmt: skip
    console.print(table)


def _print_gates(console: Console, decision: Document) -> None:
    failing = [gate for gate in decision["gates"] if not gate["passed"]]
    passed = ", ".join(gate["gate"] for gate in decision["gates"] if gate["passed"])
    section(console, f"Gates: {len(failing)} forbid an entry")
    if failing:
        table = plain_table("gate", left=("because", "until"))
        for gate in failing:
            why = Text(harmless(gate["detail"]))
            table.add_row(Text(gate["gate"], style="red"), why, moment(gate["until"]))
        console.print(table)
    console.print(f"passed: {passed}", style="dim")


def _print_market(console: Console, market: Document) -> None:
    section(console, "The market it read")
    console.print(_candles(market["candles"]))
    if market["order_flow"] is None:
        console.print("no trades or quotes of this minute are stored", style="dim")
    else:
        _print_prints(console, market)
    flow, book = market["order_flow"], market["order_book"]
    if flow:
        console.print(
            f"order flow: {flow['trade_count']} trades, takers bought "
            f"{flow['taker_buy_base_volume']:,.3f} and sold {flow['taker_sell_base_volume']:,.3f}, "
            f"imbalance {signed(flow['order_flow_imbalance'], 3)} over {flow['quote_count']} quotes"
        )
    if book:
        console.print(
            f"book: {money(book['bid_price'])} x {book['bid_size']:g} / "
            f"{money(book['ask_price'])} x {book['ask_size']:g}, spread "
            f"{book['spread_bps']:.3f} bps, imbalance {signed(book['book_imbalance'], 3)}"
        )
    for rate in market["funding"]:
        how = "read off the mark price" if rate["derived"] else "settled"
        console.print(
            f"funding {moment(rate['funding_time'])}: {rate['funding_rate']:+.6%} ({how})"
        )


def _print_prints(console: Console, market: Document) -> None:
    prints, since = market["large_prints"], moment(market["large_prints_from"])
    console.print(f"{len(prints)} large prints since {since}", style="bold")
    for one in prints[-PRINTS:]:
        console.print(
            f"  {instant(one['event_time'])}  {one['taker_side']:4} {one['quantity']:,.3f} at "
            f"{money(one['price'])}  {money(one['notional'], 0)} USDT  #{one['trade_id']}"
        )


def _candles(candles: list[Document]) -> Table:
    table = plain_table(
        "minute", right=("open", "high", "low", "close", "volume", "taker buy"),
        left=("source", "known at"),
    )  # fmt: skip
    for bar in candles:
        source = f"{bar['source']}, derived" if bar["derived"] else bar["source"]
        prices = (money(bar[name]) for name in ("open", "high", "low", "close"))
        table.add_row(
            moment(bar["open_time"]), *prices, money(bar["base_volume"], 3),
            money(bar["taker_buy_base_volume"], 3), source, instant(bar["known_at"]),
        )  # fmt: skip
    return table


def _print_gaps(console: Console, gaps: list[Document]) -> None:
    if not gaps:
        return
    section(console, "Gaps within what it read")
    for gap in gaps:
        ended = f"repaired from {gap['repaired_from']}" if gap["repaired_at"] else "not repaired"
        console.print(
            f"{gap['feed']}: {instant(gap['start_time'])} to {instant(gap['end_time'])}, "
            f"{gap['reason']} ({ended})"
        )


def _print_account(console: Console, decision: Document) -> None:
    account = decision["account"]
    section(console, "The account after it")
    console.print(
        f"equity {money(account['equity'], 4)}, cash {money(account['cash'], 4)}, unrealised "
        f"{signed(account['unrealized_pnl'])}, realised {signed(account['realized_pnl'])}, fees "
        f"{money(account['fees_paid'], 4)}, funding {money(account['funding_paid'], 4)}, drawdown "
        f"{account['drawdown'] or 0:.2%}, losses in a row {account['losses_in_a_row']}"
    )


def _print_provenance(console: Console, made: Document) -> None:
    section(console, "What decided")
    changed = ", ".join(f"{name}={value}" for name, value in made["settings_changed"].items())
    feeds = ", ".join(made["manifest"].get("feeds", []))
    rows = {
        "rules": f"{made['settings_hash'][:HASH]}, changed: {changed or 'nothing'}",
        "weights": made["weights_version"],
        "engine": f"{made['engine_version']}, code {made['code_version']}",
        "inputs": f"{made['inputs_hash'][:HASH]} of {feeds}",
        "state": f"{made['state_before_hash'][:HASH]} to {made['state_after_hash'][:HASH]}",
        "decision": made["decision_hash"][:HASH],
        "made by": f"{made['owner']}, fence {made['fence']}, written {instant(made['decided_at'])}",
        "clock": instant(made["clock"]),
    }
    table = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        table.add_row(Text(name, style="dim"), value)
    console.print(table)


def _numbers(values: Document, most: int | None = None) -> str:
    shown = list(values.items())[:most]
    words = ", ".join(f"{name} {_number(value)}" for name, value in shown)
    return f"{words}, ..." if most is not None and len(values) > most else words


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
