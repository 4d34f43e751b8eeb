"""``babingepet record`` as a user meets it."""

import pytest

from tests.delivery.conftest import call


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--minutes", "0"], "--minutes 0: at least one minute"),
        (["--symbol", "BTCUSDT", "--symbol", "btcusdt"], "named twice"),
        (["--market", "simulated", "--data", "."], "--data belongs to a recorded market"),
        (["--market", "recorded", "--data", "nowhere"], "nowhere: there is no such file or folder"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(tmp_path, given, said):
    done = call("record", *given, "--to", str(tmp_path / "to"), data_dir=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not (tmp_path / "to").exists()


def test_what_cannot_be_written_ends_it_with_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    done = call(
        "record", "--market", "simulated", "--minutes", "1", "--to", str(tmp_path / "file"),
        data_dir=tmp_path, speed="max",
    )  # fmt: skip
    assert (done.code, done.out) == (1, "")
    assert "cannot be written" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.slow
def test_a_recording_ends_with_its_table(tmp_path):
    done = call(
        "record", "--market", "simulated", "--minutes", "1", "--to", str(tmp_path / "to"),
        data_dir=tmp_path, speed="max",
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    assert "BTCUSDT" in done.out
    assert "simulated, minutes" in done.out
    assert [path.suffix for path in (tmp_path / "to").iterdir()] == [".gz"]
