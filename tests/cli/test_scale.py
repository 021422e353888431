"""Scaling a version to nothing while it has traffic."""

from __future__ import annotations

from tests.cli.conftest import Senza


def test_a_version_with_traffic_is_not_scaled_to_nothing_without_a_word(senza: Senza) -> None:
    senza("create DEF 1 0.1 --wait")
    senza("create DEF 2 0.2 --wait")
    senza("traffic hello-world 1 100")
    warned = senza("scale hello-world 1 0 --dry-run").stderr
    assert "hello-world-1 has 100 % of the traffic of hello-world.hello.example.org, and nobody would answer" in warned
    assert "% of the traffic" not in senza("scale hello-world 1 3").stderr
    assert "% of the traffic" not in senza("scale hello-world 2 0").stderr
    assert "% of the traffic" not in senza("scale hello-world 1 0 --force").stderr
    assert "% of the traffic" not in senza("scale hello-world 1 0").stderr, "it is so already"
