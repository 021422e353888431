"""Whether a definition is right and wise: what is wrong with it, our own rules, cfn-lint, and what the account says.

``gather`` reads and compiles it, offline unless it is given an account; ``examine`` runs the rules; ``online`` asks
the account.
"""
