"""Requests that are not made: the metrics that they would cause, minute by minute of the sandbox's clock.

:mod:`settings` says how many and how they fare, :mod:`routes` and :mod:`rules` where they go at the weights of that
minute, :mod:`metrics` what CloudWatch is told of it, :mod:`feeder` when.
"""
