"""Which group the assets of the memory are, and the pool that they wait in."""

from babingepet_assets.declaring import Group

MEMORY = Group("memory", "memory")
