"""What a newcomer sees without a network: real signals and gates on the simulated market."""

import pytest

from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.settings import load_settings
from babingepet_services.demo.run import Demo


@pytest.mark.slow
def test_a_rehearsal_that_was_told_nothing_enters_and_leaves_within_a_minute_at_60x(tmp_path):
    settings = load_settings(data_dir=tmp_path, market="simulated", speed="max")
    rehearsal = Demo(settings, SystemClock(), max_cycles=60)
    for _ in rehearsal.run():
        pass
    report = rehearsal.report()
    assert report["trades"]
    assert report["missed"] == []
    first = report["trades"][0]
    assert first["entry_time"] < first["exit_time"]
    assert first["exit_reason"] in {"STOP_LOSS", "TRAIL", "TARGET", "CHANDELIER", "TRAIL_GAP"}
    assert rehearsal.settings.overrides == ()
    assert report["ledger"]["conserved"]
