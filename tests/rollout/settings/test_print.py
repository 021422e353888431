"""A definition with a Rollout section is a definition like any other: ``print`` and ``create`` take it."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.clock import Clock

SECTION = """\
  Rollout:
    Strategy: Canary
    Steps: [{Weight: 5, Bake: 10m}, {Weight: 100, Bake: "{{Arguments.Bake}}"}]
    Gates:
    - ErrorRatio: {Confidence: 0.99}
    - HealthyHosts: off
    - Name: conversion
      Metric: {Namespace: Shop, Name: Conversion, Dimensions: {StackVersion: "{version}"}}
      Direction: higher is better
  Parameters:
  - Bake: {Default: 15m}
"""
DEFINITION = f"""\
SenzaInfo:
  StackName: shop
{SECTION}
SenzaComponents: []
Resources:
  Topic: {{Type: AWS::SNS::Topic}}
"""


def test_print_and_create(aws: Aws, clock: Clock, tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(DEFINITION)
    context = Context(aws, clock=clock, environ={})
    printed = CliRunner().invoke(cli, ["print", str(path), "1", "Bake=20m"], obj=context)
    assert printed.exit_code == 0, printed.output
    template = json.loads(printed.stdout)
    assert "Rollout" not in template["Mappings"]["Senza"]["Info"]
    rollout = template["Metadata"]["Senza"]["Info"]["Rollout"]
    assert rollout["Steps"] == [{"Weight": 5, "Bake": "10m"}, {"Weight": 100, "Bake": "20m"}]
    assert rollout["Gates"][2]["Metric"]["Dimensions"] == {"StackVersion": "{version}"}
    created = CliRunner().invoke(cli, ["create", str(path), "1"], obj=context)
    assert created.exit_code == 0, created.output
    stacks = aws.call("cloudformation", "describe_stacks", StackName="shop-1")["Stacks"]
    assert [stack["StackStatus"] for stack in stacks] == ["CREATE_COMPLETE"]
