"""What runs: instances, groups, what load balancers say about them, metrics and images."""
