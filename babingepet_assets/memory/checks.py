"""The checks of the memory: each a warning, none stops anything.

Belongs here: which there are. Does not belong here: what is checked
(``babingepet_services.memory.checks``).
"""

from babingepet_assets.checking import warning_check
from babingepet_assets.memory.group import MEMORY
from babingepet_services.memory.checks import CHECKS

MEMORY_CHECKS = tuple(warning_check(check, MEMORY.pool) for check in CHECKS)
