"""``python -m babingepet_delivery.cli``: the command line where no script is installed."""

import sys

from babingepet_delivery.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
