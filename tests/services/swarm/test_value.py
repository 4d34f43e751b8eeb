"""What analysts are worth over thirty recorded days: replays without each, against other ways there."""

import json
from contextlib import closing
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from babingepet.errors import InputError
from babingepet.market.context import Verdicts
from babingepet.market.intervals import DAY, MINUTE
from babingepet.replay.run import replay
from babingepet.swarm.answers import Confidence, State, silent, vote
from babingepet.swarm.consensus import Agreed
from babingepet.swarm.drop_one import without
from babingepet.swarm.rosters import BTC
from babingepet_resources.settings import load_settings
from babingepet_services.market.source import open_warehouse
from babingepet_services.replay.inputs import ReplayRequest, read_inputs
from babingepet_services.swarm.value import run_value
from babingepet_services.swarm.value_report import document
from tests.fakes import FakeClock
from tests.parity import recorded, walks
from tests.services.swarm import stored

DAYS = 30
EAGER = ("buy_threshold=0.06", "strong_threshold=0.14", "min_votes=2", "blocked_hours=")
"""Rules under which thirty days hold some dozens of trades."""
SILENT = "flow_reader"
RESERVED = {"reserved_usd": Decimal("0.5")}
CALLS = (
    stored.call(walks.FIRST + DAY, "gpt", cost_usd=Decimal("0.01"), **RESERVED),
    stored.call(walks.FIRST + 2 * DAY, "gpt", cost_usd=Decimal("0.02"), **RESERVED),
    stored.call(walks.FIRST + DAY, "momentum", **RESERVED),
    stored.call(walks.FIRST + 2 * DAY, "contrarian", cost_usd=Decimal("0.07"), **RESERVED),
    stored.call(walks.FIRST + 2 * DAY, "gpt", market="ALTCOIN", cost_usd=Decimal("5"), **RESERVED),
    stored.call(walks.FIRST + 31 * DAY, "gpt", cost_usd=Decimal("9"), **RESERVED),
)
"""Of the period, of another market, of a time after it; what one came to is not known."""


@pytest.fixture(scope="module")
def files(recorded_data, tmp_path_factory):
    """Thirty recorded days, and the funding of all years."""
    minutes = tmp_path_factory.mktemp("market") / "BTCUSDT-1m.parquet"
    period = [
        ("open_time", ">=", walks.FIRST),
        ("open_time", "<", walks.FIRST + DAYS * DAY),
    ]
    pq.write_table(pq.read_table(recorded_data / recorded.SPOT_MINUTES, filters=period), minutes)
    return {"candles": (minutes,), "funding": (recorded_data / recorded.FUNDING,)}


def request_of(files, folder, replay_ai):
    settings = load_settings(data_dir=folder, market="recorded", overrides=EAGER)
    return ReplayRequest(settings=settings, replay_ai=replay_ai, **files)


@pytest.fixture(scope="module")
def rules(files, tmp_path_factory):
    """The embedded analysts; there is no warehouse to read."""
    return run_value(request_of(files, tmp_path_factory.mktemp("none"), "rules"), FakeClock())


@pytest.fixture(scope="module")
def lived(files, rules, tmp_path_factory):
    """The same answers as a live platform stored them, but for one analyst who was silent."""
    request = request_of(files, tmp_path_factory.mktemp("lived"), "stored")
    answers = rules.ablation.answers
    votes = answers.votes.copy()
    votes[BTC.names.index(SILENT)] = np.nan
    with closing(open_warehouse(request.settings, "recorded")) as database:
        stored.store_answers(database, replace(answers, votes=votes), _named_state)
        stored.store(database, [], calls=CALLS)
    return run_value(request, FakeClock(), threads=2)


def _named_state(record):
    return replace(record, state="timeout") if record.agent == SILENT else record


@pytest.fixture(scope="module")
def told(rules):
    return json.loads(json.dumps(document(rules), allow_nan=False))


@pytest.fixture(scope="module")
def told_lived(lived):
    return json.loads(json.dumps(document(lived), allow_nan=False))


@pytest.mark.parametrize("which", ["told", "told_lived"])
def test_marginals_and_interaction_are_the_effect_to_the_last_unit_of_money(which, request):
    found = request.getfixturevalue(which)

    def money(one):
        return Decimal(str(one["net_pnl"]))

    parts = [money(one["marginal"]) for one in found["agents"]] + [money(found["interaction"])]
    effect = money(found["effect"])
    assert sum(parts) == effect == money(found["with_all"]) - money(found["with_none"])
    assert len(parts) == 10
    assert effect != 0
    assert money(found["interaction"]) != 0


@pytest.mark.parametrize("ai", ["rules", "none"])
def test_all_and_none_are_the_replays_that_one_would_ask_for(files, rules, told, tmp_path, ai):
    inputs = read_inputs(request_of(files, tmp_path, ai), FakeClock())
    alone = replay(inputs.market, inputs.rules)
    found = told["with_all" if ai == "rules" else "with_none"]
    assert found["ledger_sha256"] == alone.ledger_sha256
    assert found["trades"] == int((~alone.trades.shadow).sum()) > 20
    assert found["net_pnl"] == pytest.approx(alone.minutes.equity[-1] - 1_000.0, abs=1e-8)
    assert found["net_bps"] == pytest.approx(10.0 * found["net_pnl"])


def test_without_one_is_the_replay_of_rounds_that_were_agreed_on_one_by_one(rules, told):
    """Round by round by the rule for a single one, then replayed as if it had been stored so."""
    made, agent = rules.ablation, "risk_manager"
    rows = []
    for row, as_of in enumerate(made.answers.as_of):
        answers = [
            silent(name, State.ABSTAIN, "")
            if np.isnan(p)
            else vote(name, float(p), Confidence.MED, "")
            for name, p in zip(BTC.names, made.answers.votes[:, row], strict=True)
        ]
        weights = {name: float(of[row]) for name, of in made.answers.weights.items()}
        agreed = without(BTC, answers, agent, weights)
        if isinstance(agreed, Agreed):
            rows.append((as_of, as_of + 1, agreed.p_up, agreed.agreement, float(agreed.side)))
    market = replace(rules.inputs.market, verdicts=Verdicts.from_rows(rows))
    alone = replay(market, rules.inputs.rules)
    assert rules.without[agent].ledger_sha256 == alone.ledger_sha256
    lost = told["with_all"]["net_pnl"] - (alone.minutes.equity[-1] - 1_000.0)
    found = next(one for one in told["agents"] if one["agent"] == agent)["marginal"]
    assert found["net_pnl"] == pytest.approx(lost, abs=2e-8)
    assert found["low"] < found["net_pnl"] < found["high"]
    assert found["days"] == DAYS


def test_stored_answers_come_to_the_decisions_that_were_made_live_and_nobody_is_asked(
    files, lived, told_lived
):
    """The network is blocked and there is no key."""
    inputs = read_inputs(lived.request, FakeClock())
    assert inputs.market.verdicts is not None
    live = replay(inputs.market, inputs.rules)
    assert told_lived["with_all"]["ledger_sha256"] == live.ledger_sha256
    assert (told_lived["calls"], told_lived["providers"]) == (0, ["rules"])
    assert told_lived["rounds"] == {
        "held": 72 * DAYS + 1, "with_quorum": 72 * DAYS + 1, "left_out": 0, "unlike": 0,
    }  # fmt: skip
    assert "no model was asked" in " ".join(told_lived["notes"])


def test_whoever_never_voted_is_worth_nothing(lived, told_lived):
    found = next(one for one in told_lived["agents"] if one["agent"] == SILENT)
    assert lived.without[SILENT].ledger_sha256 == lived.with_all.ledger_sha256
    assert (found["marginal"]["net_pnl"], found["marginal"]["trades"]) == (0.0, 0)
    assert found["states"]["timeout"] == 72 * DAYS + 1
    assert found["calibration"]["brier"] is None
    assert found["usd_per_bp"] is None
    assert found["usd_per_bp_reason"]
    assert f"never voted in this period: {SILENT}" in told_lived["notes"]


def test_costs_are_told_by_what_they_brought(told_lived):
    agents = {one["agent"]: one for one in told_lived["agents"]}
    assert {name: (one["cost_usd"], one["unsettled_usd"]) for name, one in agents.items()} == {
        **dict.fromkeys(BTC.names, (0.0, 0.0)),
        "gpt": (0.03, 0.0), "momentum": (0.0, 0.5), "contrarian": (0.07, 0.0),
    }  # fmt: skip
    assert [one["cost_usd"] for one in told_lived["groups"]] == [0.03, 0.07]
    brought = {name: one["marginal"]["net_bps"] for name, one in agents.items()}
    assert min(brought.values()) < 0.0 < max(brought.values())
    for name, one in agents.items():
        spent = one["cost_usd"] + one["unsettled_usd"]
        by_point = spent / brought[name] if brought[name] > 0.0 else None
        assert one["usd_per_bp"] == pytest.approx(by_point)
        assert (one["usd_per_bp_reason"] is None) == (brought[name] > 0.0)


def test_a_group_is_left_out_whole(told):
    generalists, personas = (one["marginal"] for one in told["groups"])
    assert generalists["quorum_lost"] < personas["quorum_lost"] == told["rounds"]["with_quorum"]
    assert [len(one["agents"]) for one in told["groups"]] == [3, 6]


@pytest.mark.parametrize("name", ["gemini", "contrarian", "consensus"])
def test_calibration_is_that_of_scikit_learn(rules, told, name):
    answers = rules.ablation.answers
    if name == "consensus":
        p, found = answers.agree().p_up, told["consensus"]
    else:
        p = answers.votes[BTC.names.index(name)]
        found = next(one for one in told["agents"] if one["agent"] == name)
    closes = dict(
        zip(rules.ablation.columns.open_time.tolist(), rules.ablation.columns.close, strict=True)
    )
    ends = answers.as_of - MINUTE
    known = np.array([not np.isnan(x) and t + 60 * MINUTE in closes for t, x in zip(ends.tolist(), p, strict=True)])  # fmt: skip
    up = np.array([closes[t + 60 * MINUTE] > closes[t] for t in ends[known].tolist()])
    p = p[known]
    judged = found["calibration"]
    assert judged["n"] == len(p) == found["votes"] - found["unresolved"]
    assert judged["brier"] == pytest.approx(brier_score_loss(up, p), abs=1e-12)
    reference = brier_score_loss(up, np.full(len(up), up.mean()))
    assert judged["skill"] == pytest.approx(1 - judged["brier"] / reference, abs=1e-12)
    shares, means = calibration_curve(up, p, n_bins=10)
    filled = [one for one in judged["bins"] if one["n"]]
    assert [one["share_up"] for one in filled] == pytest.approx(list(shares), abs=1e-12)
    assert [one["mean_p"] for one in filled] == pytest.approx(list(means), abs=1e-12)


def test_without_a_warehouse_or_answers_in_it_there_is_nothing_to_replay(files, tmp_path):
    request = request_of(files, tmp_path, "stored")
    with pytest.raises(InputError, match="no warehouse named recorded"):
        run_value(request, FakeClock())
    open_warehouse(request.settings, "recorded").close()
    with pytest.raises(InputError, match="no answer of an analyst about BTCUSDT is stored"):
        run_value(request, FakeClock())


def test_nobody_has_no_worth(files, tmp_path):
    with pytest.raises(InputError, match="nobody whose worth"):
        run_value(request_of(files, tmp_path, "none"), FakeClock())
