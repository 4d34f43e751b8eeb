"""The fifteen job ids are those of the system's description, in its order."""

from babingepet_services.jobs import JOBS, LOOP, OWN_JOBS, SWARM, as_document

DESCRIBED = [
    "btc_collector",
    "btc_signals",
    "btc_simulator",
    "btc_ai",
    "ihsg_session_1",
    "ihsg_session_2",
    "ihsg_price_check",
    "altcoin_analysis",
    "altcoin_price_check",
    "health_daily",
    "health_weekly",
    "health_alerts",
    "factor_ic_weekly",
    "walk_forward_weekly",
    "auth_password_rotate",
]


def test_every_described_job_is_listed_once():
    assert [job.job_id for job in JOBS] == DESCRIBED


def test_only_what_the_loop_and_the_analysts_do_counts_as_available():
    jobs = as_document()["jobs"]
    assert [job["job_id"] for job in jobs if job["available"]] == DESCRIBED[:4]
    assert [job["runs_as"] for job in jobs if job["available"]] == [LOOP, LOOP, LOOP, SWARM]
    assert {job["runs_as"] for job in jobs if not job["available"]} == {"not in this version"}


def test_jobs_of_our_own_are_listed_apart_and_take_no_name_of_the_description():
    own = as_document()["own_jobs"]
    assert [job["job_id"] for job in own] == [job.job_id for job in OWN_JOBS]
    assert {"job_id", "when", "purpose", "runs_as"} == own[0].keys()
    assert not {job["job_id"] for job in own} & set(DESCRIBED)
