"""A silent loop is told once and its end once; a stuck one is asked to make room."""

import pytest

from babingepet.errors import ExchangeUnavailable
from babingepet.market.intervals import MINUTE, SECOND
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import cycles, gaps, lease, outbox
from babingepet_services.btc.loop_watch import STUCK, TOPIC, look_after
from babingepet_services.market.exchange_state import ExchangeState, ask_exchange
from tests.fakes import FakeClock
from tests.resources.warehouse import builders as b

ANSWERS = ExchangeState()
OVER = ExchangeState(over=True)


@pytest.fixture
def settings(databases, tmp_path):
    url = databases.upgraded(tmp_path)
    return load_settings(data_dir=tmp_path, market="binance", database_url=url)


@pytest.fixture
def warehouse(settings, connect):
    return connect(settings.database_url)


class Story:
    """A loop whose heartbeat goes on, seen by somebody who looks now and then."""

    def __init__(self, settings, warehouse):
        self.settings, self.warehouse, self.clock = settings, warehouse, FakeClock()
        self.asked = 0
        self.held = lease.acquire(warehouse, "btc", "run-1", self.clock.now(), 90 * SECOND)
        self.minutes = 0

    def decide(self):
        self.minutes += 1
        decision = b.decision(self.minutes, source="binance")
        write = b.cycle(self.minutes, gaps=[], outbox=[], decision=decision)
        cycles.commit(self.warehouse, self.held, write, now=self.clock.now())

    def pass_time(self, ms, *, beats=True):
        self.clock.advance(ms / 1000)
        if beats:
            lease.renew(self.warehouse, self.held, self.clock.now())

    def look(self, state=ANSWERS):
        def ask(*_):
            self.asked += 1
            return state

        return look_after(self.settings, self.clock, 0, ask)

    def told(self):
        with self.warehouse.reading() as connection:
            return [(m.payload["kind"], m.payload["state"]) for m in outbox.pending(connection)]


@pytest.fixture
def story(settings, warehouse):
    return Story(settings, warehouse)


def test_a_loop_that_decides_is_not_spoken_of_and_the_exchange_is_left_alone(story):
    story.decide()
    story.pass_time(MINUTE)
    assert story.look().state == "deciding"
    assert (story.told(), story.asked) == ([], 0)


def test_a_silence_is_told_once_and_its_end_once(story):
    story.decide()
    for _ in range(4):
        story.pass_time(3 * MINUTE)
        assert story.look().is_fault
    assert story.told() == [("fault", "deciding_nothing")]
    story.decide()
    for _ in range(3):
        assert not story.look().is_fault
    assert story.told() == [("fault", "deciding_nothing"), ("recovered", "deciding")]


def test_the_next_silence_is_told_again(story):
    for _ in range(2):
        story.decide()
        story.look()
        story.pass_time(3 * MINUTE)
        story.look()
    assert [kind for kind, _ in story.told()] == ["fault", "recovered", "fault"]


def test_a_loop_that_dies_of_its_silence_is_no_second_fault(story):
    story.decide()
    story.pass_time(3 * MINUTE)
    story.look()
    story.pass_time(10 * MINUTE, beats=False)
    assert story.look().state == "dead"
    assert story.told() == [("fault", "deciding_nothing")]


def test_a_first_loop_that_never_decides_is_told_and_so_is_its_first_decision(story):
    story.pass_time(10 * MINUTE)
    story.look()
    story.decide()
    story.look()
    assert [kind for kind, _ in story.told()] == ["fault", "recovered"]


def test_a_message_says_how_urgent_it_is_and_why(story):
    story.decide()
    story.pass_time(3 * MINUTE)
    story.look(ExchangeState(silence="no route"))
    with story.warehouse.reading() as connection:
        message = outbox.newest(connection, TOPIC)
    assert message.payload["tier"] == 1
    assert "no route" in message.payload["detail"]


def test_the_loop_s_own_word_for_the_newest_missed_minute_is_the_reason(story):
    story.decide()
    with story.warehouse.writing() as connection:
        missed = b.gap(story.minutes, "decision", source="binance", reason="no closed candle")
        gaps.insert(connection, [missed])
    story.pass_time(3 * MINUTE)
    assert story.look().detail.endswith("decided nothing for 180 s: no closed candle")


def test_a_stuck_loop_is_asked_to_hand_over_after_a_quarter_of_an_hour(story):
    story.decide()
    story.pass_time(STUCK - SECOND)
    story.look()
    assert lease.read(story.warehouse, "btc").handover_reason is None
    story.pass_time(SECOND)
    story.look()
    assert "decided nothing for 900 s" in lease.read(story.warehouse, "btc").handover_reason


def test_its_successor_has_a_quarter_of_an_hour_of_its_own(story):
    story.decide()
    story.pass_time(STUCK)
    story.look()
    lease.release(story.warehouse, story.held, story.clock.now())
    story.held = lease.acquire(story.warehouse, "btc", "run-2", story.clock.now(), 90 * SECOND)
    story.pass_time(STUCK - SECOND)
    story.look()
    assert lease.read(story.warehouse, "btc").handover_reason is None
    story.pass_time(SECOND)
    story.look()
    assert lease.read(story.warehouse, "btc").handover_reason is not None


def test_a_fresh_process_is_no_help_against_an_exchange_that_is_away(story):
    story.decide()
    story.pass_time(2 * STUCK)
    story.look(ExchangeState(silence="no route"))
    assert lease.read(story.warehouse, "btc").handover_reason is None


def test_a_recording_that_is_over_is_no_fault(story):
    story.decide()
    lease.release(story.warehouse, story.held, story.clock.now())
    story.pass_time(10 * MINUTE, beats=False)
    assert story.look(OVER).state == "released"
    assert story.told() == []


def test_looking_where_nothing_ever_ran_makes_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv("BABINGEPET_DATABASE_URL", raising=False)
    settings = load_settings(data_dir=tmp_path, market="binance")
    assert look_after(settings, FakeClock(), 0, lambda *_: ANSWERS).state == "never_started"
    assert list(tmp_path.iterdir()) == []


def test_an_exchange_that_does_not_answer_says_so_and_a_played_one_without_address_is_not_asked():
    def refuse(*_):
        raise ExchangeUnavailable("no route")

    assert ask_exchange(load_settings(market="binance"), FakeClock(), refuse).silence == "no route"
    assert ask_exchange(load_settings(market="simulated"), FakeClock(), refuse) == ANSWERS
    nowhere = load_settings(market="simulated", exchange_url="http://127.0.0.1:9")
    assert "127.0.0.1:9" in ask_exchange(nowhere, FakeClock()).silence
