"""Which group the BTC assets are, and the pools that they wait in.

What every asset of any group has in common is said in ``babingepet_assets.declaring``.
"""

from babingepet_assets.declaring import Group

REPORT_POOL = "btc_reports"
"""Reports run one at a time: the loop keeps a core and a slot of the run queue."""
CONTEXT_POOL = "btc_context"
"""Feeds are asked one run at a time, but behind no report: what a feed says now is not said again,
and a backfill may take an hour."""
BTC = Group("btc", REPORT_POOL)
