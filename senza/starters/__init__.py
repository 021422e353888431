"""Starters: what ``senza init`` makes a first definition from, and what that needs in the account.

A starter (:mod:`senza.starters.model`) is a small class with data: questions, a template, and what it wants to exist
(security groups, a role, a bucket). What does not exist yet becomes a plan; what exists is checked and kept.
:mod:`senza.starters.registry` finds them by name; it is light, for the shell completes the names.
"""
