"""Immutable, versioned CloudFormation stacks from a compact definition, and traffic between them.

The rooms are described in ``docs/architecture.md``.
"""
