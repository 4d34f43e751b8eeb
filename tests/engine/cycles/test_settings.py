import pytest

from babingepet.cycles.settings import BtcSettings, override
from babingepet.errors import InputError

DEFAULTS = {
    "buy_threshold": 0.20, "strong_threshold": 0.28, "boosted_hours": [1, 2, 3, 7, 8, 9],
    "boost": 0.85, "strong_boost": 0.92, "blocked_hours": [0, 18, 23], "vote_floor": 0.10,
    "min_votes": 4, "min_coverage": 0.60, "min_capability": 0.35, "min_agreement": 0.40,
    "ai_required": False, "max_data_age": 180_000, "max_clock_skew": 30_000, "confirmations": 2,
    "strong_confirmations": 1, "reversal_confirmations": 3, "entry_spacing": 300_000,
    "stop_loss": 0.006, "target": 0.025, "arm": 0.01, "keep": 0.75, "max_hold": 86_400_000,
    "taker_fee": 0.0005, "slippage_bps": 1.0, "half_spread_bps": 0.5, "least_fraction": 0.08,
    "most_fraction": 0.20, "kelly_fraction": 1.0, "leverage": 1.0, "edge_policy": "floor",
    "nominal_odds": False, "quantity_step": 1e-5, "min_notional": 5.0,
    "first_cooldown": 1_800_000, "second_cooldown": 3_600_000, "later_cooldown": 7_200_000,
    "daily_drawdown": 0.05, "weekly_drawdown": 0.15,
}  # fmt: skip


def test_the_defaults_are_those_of_the_description():
    assert DEFAULTS.items() <= BtcSettings().by_name.items()


def test_names_are_unique_over_all_groups():
    assert len(BtcSettings().by_name) == sum(len(group) for group in BtcSettings())


@pytest.mark.parametrize(
    ("pair", "name", "value"),
    [
        ("buy_threshold=0.25", "buy_threshold", 0.25),
        ("leverage=2", "leverage", 2.0),
        (" min_votes = 5 ", "min_votes", 5),
        ("ai_required=true", "ai_required", True),
        ("ai_required=FALSE", "ai_required", False),
        ("blocked_hours=", "blocked_hours", []),
        ("blocked_hours=23, 0,5", "blocked_hours", [0, 5, 23]),
        ("boosted_hours=4,4", "boosted_hours", [4]),
        ("edge_policy=veto", "edge_policy", "veto"),
        ("stop_loss=6e-3", "stop_loss", 0.006),
    ],
)
def test_a_setting_can_be_changed_by_name(pair, name, value):
    changed = override(BtcSettings(), [pair]).by_name
    assert changed == BtcSettings().by_name | {name: value}


def test_the_last_of_two_values_wins_and_none_change_nothing():
    assert override(BtcSettings(), ["min_votes=5", "min_votes=6"]).voting.min_votes == 6
    assert override(BtcSettings(), []) == BtcSettings()


def test_a_number_keeps_its_kind_so_that_rules_are_not_compiled_again():
    changed = override(BtcSettings(), ["leverage=2", "min_votes=5"])
    assert type(changed.sizing.leverage) is float
    assert type(changed.voting.min_votes) is int


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("buy_treshold=0.2", "--set buy_treshold: no such setting; there are ai_required"),
        ("buy_threshold", "--set buy_threshold: write key=value"),
        ("buy_threshold=high", "buy_threshold=high: expected a number"),
        ("buy_threshold=", "expected a number"),
        ("min_votes=4.5", "min_votes=4.5: expected a whole number"),
        ("ai_required=maybe", "true or false"),
        ("edge_policy=hope", "floor or veto"),
        ("blocked_hours=24", "hours from 0 to 23"),
        ("blocked_hours=-1", "hours from 0 to 23"),
        ("blocked_hours=noon", "hours from 0 to 23"),
        ("=5", "no such setting"),
    ],
)
def test_a_mistake_is_named(pair, said):
    with pytest.raises(InputError) as refusal:
        override(BtcSettings(), [pair])
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    "pair",
    [
        "stop_loss=nan",
        "target=inf",
        "leverage=0",
        "leverage=6",  # five at most
        "stop_loss=-0.006",
        "taker_fee=-1",
        "quantity_step=0",
        "least_fraction=0.3",  # above most_fraction
        "strong_threshold=0.1",  # below buy_threshold
        # a long at 5x is ruined 19.7 % below its entry, before this stop
        "leverage=5 stop_loss=0.25",
    ],
)
def test_a_value_that_no_rule_can_work_with_is_refused(pair):
    with pytest.raises(InputError):
        override(BtcSettings(), pair.split())
