"""Which group the assets of what is learned are, and the pool that they wait in."""

from babingepet_assets.declaring import Group

LEARNING = Group("learning", "learning")
