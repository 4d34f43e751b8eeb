"""What the HTTP library may log: nothing below a warning, since it names whole addresses.

httpx writes each request's address at INFO, with its password; httpcore each answer's headers at
DEBUG, with the address to which a redirect sends.
"""

import logging


def keep_addresses_out() -> None:
    """Silence both, whatever the program that we are part of wants to see."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
