"""Components: properties in, CloudFormation resources out; and the compiler that makes one template of them."""

from senza.components.compile import compile
from senza.components.compiled import Compiled, WeightedRecord, WeightedTarget, check_limits
from senza.components.dangling import dangling

__all__ = ["Compiled", "WeightedRecord", "WeightedTarget", "check_limits", "compile", "dangling"]
