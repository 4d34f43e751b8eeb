"""The loopback exchange: a recorded or simulated market served in Binance USD-M futures' protocol."""
