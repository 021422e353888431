"""May this image run? What its registry says of it, held against the policy of who is responsible for it."""

from senza.provenance.cosign import Signature
from senza.provenance.gate import CheckedImage, Gate
from senza.provenance.judging import Finding
from senza.provenance.model import NO_POLICY, Policy, SignatureRule
from senza.provenance.reading import read_policy

__all__ = ["NO_POLICY", "CheckedImage", "Finding", "Gate", "Policy", "Signature", "SignatureRule", "read_policy"]
