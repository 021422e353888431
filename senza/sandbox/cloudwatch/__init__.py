"""CloudWatch as plain values: data points, statistics, metric math, queries and alarms.

Facts are those of the CloudWatch API reference and of "Metrics concepts", "Using math expressions with CloudWatch
metrics" and "Using Amazon CloudWatch alarms" in its user guide.
"""
