"""What an account came to: returns, drawdown, trades and costs, each with n and its interval.

``metric`` is the value object, ``confidence`` the intervals, ``equity`` reduces minutes to days and
drawdowns, ``returns`` and ``trades`` hold the metrics, ``deflated_sharpe`` what a ratio is worth
after many were tried. Reading an account belongs to services, how a metric looks to delivery.
"""
