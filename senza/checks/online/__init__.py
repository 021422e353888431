"""What only the account knows: quotas, permissions, names that are taken, instance types, certificates."""
