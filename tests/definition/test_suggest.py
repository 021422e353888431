"""Which names are near enough to be offered."""

from senza.definition import did_you_mean, suggest

KNOWN = ["Senza::AutoScalingGroup", "Senza::ElasticLoadBalancer", "Senza::IamRole"]


def test_suggestions() -> None:
    assert suggest("Senza::AutoscalingGroup", KNOWN) == ["Senza::AutoScalingGroup"]
    assert suggest("Senza::ElasticLoadBalancr", KNOWN)[0] == "Senza::ElasticLoadBalancer"
    assert suggest("Kubernetes", KNOWN) == []
    assert suggest("a", ["A", "ab"]) == ["A"]
    assert suggest("abcd", ["abce", "abcf", "abcg", "abch"], limit=2) == ["abch", "abcg"]
    assert did_you_mean("Senza::IAMRol", KNOWN) == "Did you mean Senza::IamRole?"
    # YAML's keys are not always text
    assert did_you_mean(True, KNOWN) == ""  # type: ignore[arg-type]
    assert did_you_mean("tru", [True, 3]) == "Did you mean True?"  # type: ignore[list-item]
    assert did_you_mean("Kubernetes", KNOWN) == ""
