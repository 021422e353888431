"""The environments of a repository: ``senza.yaml`` says which account, region, credentials and parameters each has.

Pure but for reading the file. ``find`` looks for it, ``read`` makes :class:`Environments` of it.
"""

from senza.environments.finding import FILE, find, is_definition, look_for
from senza.environments.model import ALL, Environment, Environments, Role
from senza.environments.reading import read

__all__ = ["ALL", "FILE", "Environment", "Environments", "Role", "find", "is_definition", "look_for", "read"]
