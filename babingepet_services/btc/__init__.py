"""The BTC loop: one minute decided, written, remembered; the loop over minutes."""
