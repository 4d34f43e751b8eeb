"""The checks of what lies beside the market: each a warning, none stops entries.

Belongs here: which there are. Does not belong here: what is checked
(``babingepet_services.btc_day.context_checks``, ``swarm_checks``).
"""

from babingepet_assets.btc.group import CONTEXT_POOL
from babingepet_assets.checking import warning_check
from babingepet_services.btc_day.context_checks import CHECKS
from babingepet_services.btc_day.swarm_checks import CHECKS as SWARM_CHECKS

CONTEXT_CHECKS = tuple(warning_check(check, CONTEXT_POOL) for check in (*CHECKS, *SWARM_CHECKS))
