"""Taking a version from one environment to another exactly as it runs there: what that is, and whether it can be so."""
