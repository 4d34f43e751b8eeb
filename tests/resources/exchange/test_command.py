"""The exchange as a process of its own."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PRODUCT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-m", "babingepet_resources.exchange"]


def start(*arguments, **options):
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=PRODUCT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, **options,
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_announces_itself_and_ends_on_a_signal(number):
    with start("--market", "simulated", "--seed", "3", "--speed", "max") as process:
        ready = json.loads(process.stdout.readline())
        with urllib.request.urlopen(f"{ready['url']}/loopback/v1/status", timeout=5) as answer:
            status = json.load(answer)
        process.send_signal(number)
        output, errors = process.communicate(timeout=10)
    assert (ready["pid"], process.returncode, output, errors) == (process.pid, 0, "", "")
    assert (status["source"], status["speed"], status["symbol"]) == ("simulated", None, "BTCUSDT")


def test_several_symbols_may_be_named_and_the_first_is_the_primary_one():
    arguments = ("--symbol", "SOLUSDT", "--symbol", "BTCUSDT", "--socket-hours", "1")
    with start("--market", "simulated", *arguments) as process:
        url = json.loads(process.stdout.readline())["url"]
        with urllib.request.urlopen(f"{url}/loopback/v1/status", timeout=5) as answer:
            status = json.load(answer)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert status["symbol"] == "SOLUSDT"
    assert status["symbols"][:2] == ["SOLUSDT", "BTCUSDT"]
    assert len(status["symbols"]) == len(set(status["symbols"])) > 2


def test_faults_can_be_ordered_when_asked_for():
    with start("--market", "simulated", "--scripted-faults") as process:
        url = json.loads(process.stdout.readline())["url"]
        order = json.dumps({"kind": "status", "count": 1, "status": 503}).encode()
        with urllib.request.urlopen(f"{url}/loopback/v1/faults", order, timeout=5) as answer:
            assert json.load(answer) == {"injected": {}}
        with pytest.raises(urllib.error.HTTPError, match="503") as refusal:
            urllib.request.urlopen(f"{url}/fapi/v1/ping", timeout=5)
        refusal.value.close()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)


def test_it_ends_when_its_parent_is_gone():
    script = (
        "import subprocess, sys, os;"
        f"p = subprocess.Popen({COMMAND!r} + ['--market', 'simulated', '--parent-pid',"
        " str(os.getpid())], stdout=subprocess.PIPE);"
        "print(p.stdout.readline().decode(), end='', flush=True);"
        "os._exit(0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PRODUCT, stdout=subprocess.PIPE, timeout=20, check=True
    )
    pid = json.loads(done.stdout)["pid"]
    for _ in range(100):
        if not _is_alive(pid):
            return
        signal.sigtimedwait([], 0.1)
    os.kill(pid, signal.SIGTERM)
    raise AssertionError("the exchange outlived its parent")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--market", "recorded", "--data", "nowhere"], "nowhere: cannot be read"),
        (["--market", "simulated", "--from", "soon"], "--from 'soon' is not a time"),
        (["--market", "simulated", "--speed", "fast"], "--speed fast is neither"),
        (["--market", "simulated", "--speed", "-1"], "--speed -1 is neither"),
        (["--market", "simulated", "--socket-hours", "0"], "--socket-hours 0.0 is not"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(arguments, sentence):
    with start(*arguments) as process:
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (2, "")
    assert errors.startswith(sentence)
    assert errors.count("\n") == 1


def _is_alive(pid):
    """Running, and not a zombie waiting for its parent's attention."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
