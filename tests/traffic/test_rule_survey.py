"""Whose rules are whose, beside records, in few calls; and what commands show of it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from click.testing import CliRunner

from senza.account import Account
from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.clock import Clock
from senza.journal import Caller, Journal
from senza.sandbox.embedded import EmbeddedSandbox
from senza.stacks.references import StackRef
from senza.stacks.summaries import list_stacks
from senza.traffic.app import hosts_of, plan_return
from senza.traffic.reachable import in_main_dns, version_domains
from senza.traffic.rules import Balancing
from senza.traffic.survey import Survey, survey
from tests.traffic.balancing import Edge
from tests.traffic.conftest import MAIN, Apps


@pytest.fixture
def edge(aws: Aws) -> Edge:
    return Edge(aws)


def found(aws: Aws, app: str = "shop", version: str | None = None) -> Survey:
    return survey(aws, Account(aws).zones(), list_stacks(aws, [StackRef(app, version)]))


def owned(result: Survey) -> list[tuple[Any, ...]]:
    return [
        (one.stack.full_name, one.logical_id, one.record.type, one.record.name, one.record.weight)
        for one in result.owned
    ]


def test_shares_and_own_hosts_of_all_versions_are_found_by_asking_one(aws: Aws, edge: Edge) -> None:
    edge.versions({"shop-1": 3, "shop-2": 1})
    edge.create("shop-3")
    edge.versions({"other-1": 200}, "other.hello.example.org")
    fresh = Aws(endpoint=aws._endpoint)
    result = found(fresh)
    assert sorted(owned(result)) == [
        (f"shop-{number}", logical_id, "rule", name, weight)
        for number, share in ((1, 3), (2, 1), (3, 0))
        for logical_id, name, weight in (
            ("Web", MAIN, share),
            ("WebVersionDomain", f"shop-{number}.hello.example.org", None),
        )
    ]
    assert result.foreign == ()
    assert [call.operation for call in fresh.calls].count("ListStackResources") == 1
    assert version_domains(result) == {f"shop-{number}": f"shop-{number}.hello.example.org" for number in (1, 2, 3)}
    assert in_main_dns(result) == {"shop-1": True, "shop-2": True, "shop-3": False}


def test_of_many_apps_each_is_asked_once_and_the_listener_once_for_all(aws: Aws, edge: Edge) -> None:
    for app in "abcde":
        edge.versions({f"{app}-1": 150, f"{app}-2": 50}, f"{app}.hello.example.org")
    fresh = Aws(endpoint=aws._endpoint)
    result = survey(fresh, Account(fresh).zones(), list_stacks(fresh))
    assert sorted(one[3:] for one in owned(result) if one[4]) == [
        (f"{app}.hello.example.org", weight) for app in "abcde" for weight in (50, 150)
    ]
    assert len(result.owned) == 20
    counted = Counter(call.operation for call in fresh.calls)
    assert counted == {
        **{"ListStacks": 1, "ListHostedZones": 1, "ListResourceRecordSets": 1},
        **{"GetResources": 2, "ListStackResources": 5, "DescribeRules": 1},
    }


def test_of_one_version_the_others_are_foreign(aws: Aws, edge: Edge) -> None:
    edge.versions({"shop-1": 3, "shop-2": 1})
    result = found(aws, "shop", "2")
    assert [one[0] for one in owned(result)] == ["shop-2", "shop-2"]
    assert [(one.identifier, one.weight) for one in result.foreign] == [("shop-1", 3)]


def test_each_version_only_has_what_it_has(aws: Aws, apps: Apps, edge: Edge, sandbox: EmbeddedSandbox) -> None:
    """Moving from records to a shared load balancer: the oldest has records, the next one both, the newest a share."""
    apps.create("shop-1")
    sandbox.advance(60)
    edge.create("shop-2", Main=apps.record(MAIN, "shop-2"))
    sandbox.advance(60)
    edge.create("shop-3")
    apps.set({"shop-1": 150, "shop-2": 50})
    edge.put({"shop-2": 100, "shop-3": 100})
    assert sorted(owned(found(aws))) == [
        ("shop-1", "Main", "A", MAIN, 150),
        ("shop-1", "VersionDomain", "A", "shop-1.hello.example.org", None),
        ("shop-2", "Main", "A", MAIN, 50),
        ("shop-2", "Web", "rule", MAIN, 100),
        ("shop-2", "WebVersionDomain", "rule", "shop-2.hello.example.org", None),
        ("shop-3", "Web", "rule", MAIN, 100),
        ("shop-3", "WebVersionDomain", "rule", "shop-3.hello.example.org", None),
    ]


def test_a_rule_is_found_though_the_newest_version_has_none(
    aws: Aws, apps: Apps, edge: Edge, sandbox: EmbeddedSandbox
) -> None:
    edge.versions({"shop-1": 200})
    sandbox.advance(60)
    apps.create("shop-2")
    assert ("shop-1", "Web", "rule", MAIN, 200) in owned(found(aws))


def test_a_rule_is_found_though_a_newer_version_has_the_same_records(
    aws: Aws, apps: Apps, edge: Edge, sandbox: EmbeddedSandbox
) -> None:
    """An app on its way away from a shared balancer: both lead to a balancer, and only one of these is their own."""

    def leading(stack: str, balancer: str, zone: str) -> dict[str, Any]:
        record = apps.record(MAIN, stack)
        for key in ("TTL", "ResourceRecords"):
            del record["Properties"][key]
        record["Properties"]["AliasTarget"] = {"DNSName": balancer, "HostedZoneId": zone}
        return record

    zone = edge.balancer["CanonicalHostedZoneId"]
    edge.create("shop-1", Main=leading("shop-1", edge.balancer["DNSName"], zone))
    sandbox.advance(60)
    apps.create("shop-2", {}, Main=leading("shop-2", "shop-2-123.eu-central-1.elb.amazonaws.com", zone))
    edge.put({"shop-1": 200})
    assert ("shop-1", "Web", "rule", MAIN, 200) in owned(found(aws))


def test_of_many_apps_behind_a_balancer_to_which_a_wildcard_leads_none_is_asked(
    aws: Aws, apps: Apps, edge: Edge
) -> None:
    """As senza's components call things; an app that calls something otherwise is asked."""
    subnets = [zone["SubnetId"] for zone in edge.balancer["AvailabilityZones"]]
    balancer = {
        "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Properties": {"Subnets": subnets, "Name": "front"},
    }
    lead = {
        "DNSName": {"Fn::GetAtt": ["Edge", "DNSName"]},
        "HostedZoneId": {"Fn::GetAtt": ["Edge", "CanonicalHostedZoneID"]},
    }
    wild = apps.record("*.hello.example.org", None)
    wild["Properties"] = {key: wild["Properties"][key] for key in ("Name", "Type", "HostedZoneName")} | {
        "AliasTarget": lead
    }
    apps.create("front-1", {}, Edge=balancer, EdgeWildcard=wild)
    for app in "abcde":
        for version in "12":
            template = edge.template(f"{app}-{version}", f"{app}.hello.example.org")
            resources = template["Resources"]
            resources["WebRule"] = resources.pop("WebVersionDomain")
            if app != "e":
                resources["WebTargetGroup"] = resources.pop("Web")
                resources["WebRule"]["Properties"]["Actions"][0]["TargetGroupArn"] = {"Ref": "WebTargetGroup"}
            body = json.dumps(template)
            aws.call("cloudformation", "create_stack", StackName=f"{app}-{version}", TemplateBody=body)
    fresh = Aws(endpoint=aws._endpoint)
    result = survey(fresh, Account(fresh).zones(), list_stacks(fresh))
    asked = survey(aws, Account(aws).zones(), list_stacks(aws, [StackRef("a")]))
    of_a = [one for one in owned(result) if one[0].startswith("a-")]
    assert sorted(of_a) == sorted(owned(asked))
    assert len(owned(result)) == 21
    counted = Counter(call.operation for call in fresh.calls)
    assert counted == {
        **{"ListStacks": 1, "ListHostedZones": 1, "ListResourceRecordSets": 1},
        **{"GetResources": 2, "ListStackResources": 2, "DescribeRules": 1},
    }


def test_a_listener_that_is_gone_has_no_rules(aws: Aws, edge: Edge) -> None:
    edge.versions({"shop-1": 200})
    aws.call("elbv2", "delete_listener", ListenerArn=edge.listener)
    assert owned(found(aws)) == [("shop-1", "Web", "rule", MAIN, 0)]


def test_without_the_tagging_api_each_version_is_asked(aws: Aws, edge: Edge, sandbox: EmbeddedSandbox) -> None:
    edge.versions({"shop-1": 150, "shop-2": 50})
    sandbox.faults.add("resourcegroupstaggingapi:GetResources", status=403, code="AccessDeniedException", message="no")
    assert len(owned(found(aws))) == 4


def test_the_hosts_of_a_version_are_told(aws: Aws, apps: Apps, edge: Edge) -> None:
    edge.create("shop-1")
    apps.create("shop-2")
    assert hosts_of(aws, "shop-1") == ["shop-1.hello.example.org"]
    assert sorted(hosts_of(aws, "shop-2")) == ["shop-2.hello.example.org", MAIN]
    assert hosts_of(aws, "shop-3") == []


def test_rules_for_other_purposes_cost_little_and_show_nothing(aws: Aws, apps: Apps, edge: Edge) -> None:
    """A stack with a listener rule and a target group of its own, as ever."""
    template = edge.template("shop-1")
    del template["Resources"]["Web"]["Properties"]["Tags"]
    aws.call("cloudformation", "create_stack", StackName="shop-1", TemplateBody=json.dumps(template))
    (stack,) = list_stacks(aws, [StackRef("shop")])
    assert apps.counted(lambda: survey(aws, [], [stack])) == [
        "cloudformation:ListStackResources",
        "elbv2:DescribeTags",
        "resourcegroupstaggingapi:GetResources",
    ]
    assert survey(aws, [], [stack]) == Survey((), ())


# -- the way back


def test_the_way_back_is_planned_for_both_backends(aws: Aws, apps: Apps, edge: Edge) -> None:
    edge.versions({"shop-1": 100, "shop-2": 100})
    weights = {MAIN: {"shop-1": 200}}
    back = plan_return(aws, Account(aws).zones, weights, "shop-2")
    assert [step.says for step in back.plan.steps] == [
        f"Set the weights of {MAIN}: shop-1 50 -> 100 %, shop-2 50 -> 0 %"
    ]
    apps.create("web-1", {"Main": "web.hello.example.org"})
    zones = Account(aws).zones
    assert apps.counted(lambda: plan_return(aws, zones, {"web.hello.example.org": {"web-1": 0}}, "web-1")) == [
        "cloudformation:ListStackResources",
        "route53:ListHostedZones",
        "route53:ListResourceRecordSets",
    ]


def test_the_way_back_of_a_version_that_is_gone_needs_no_stack_of_it(aws: Aws, edge: Edge) -> None:
    edge.versions({"shop-1": 120, "shop-2": 80})
    back = plan_return(aws, Account(aws).zones, {MAIN: {"shop-1": 200, "shop-2": 0}}, "shop-3")
    assert back.plan.domains[0].after == {"shop-1": 200, "shop-2": 0}
    assert back.kept == {}


def test_a_first_version_keeps_the_traffic_that_nobody_else_ever_had(aws: Aws, edge: Edge) -> None:
    edge.create("shop-1")
    edge.versions({"shop-2": 200})
    back = plan_return(aws, Account(aws).zones, {MAIN: {"shop-1": 0}}, "shop-2")
    assert back.plan.steps == ()
    assert {str(domain): weights for domain, weights in back.kept.items()} == {MAIN: {"shop-1": 0, "shop-2": 200}}


# -- what is shown


def shown(aws: Aws, clock: Clock, command: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(cli, [*command.split(), "-o", "json"], obj=Context(aws, clock=clock))
    assert result.exit_code == 0, result.output
    return list(json.loads(result.stdout))


def test_traffic_is_shown_as_the_balancer_shares_it(aws: Aws, edge: Edge, clock: Clock) -> None:
    edge.foreign("legacy")
    for number in (1, 2):
        edge.create(f"shop-{number}")
    edge.put({"shop-1": 30, "legacy": 10})
    told = [
        (row["version"], row["identifier"], row["type"], row["weight%"], row["answers%"], row["status"])
        for row in shown(aws, clock, "traffic shop")
    ]
    assert told == [
        (None, "legacy", "rule", 5.0, 25.0, "NO_STACK"),
        ("1", "shop-1", "rule", 15.0, 75.0, "CREATE_COMPLETE"),
        ("2", "shop-2", "rule", 0.0, 0.0, "CREATE_COMPLETE"),
    ]
    changed = shown(aws, clock, "traffic shop 2 100")
    assert [(row["identifier"], row["old_weight%"], row["new_weight%"], row["observed%"]) for row in changed] == [
        ("shop-1", 15.0, 0.0, 0.0),
        ("shop-2", 0.0, 100.0, 100.0),
        ("legacy", 5.0, 0.0, 0.0),
    ]


def test_the_journal_tells_both_places_of_a_name_apart(aws: Aws, apps: Apps, edge: Edge, clock: Clock) -> None:
    """And that of a lone version at 0 only the record has traffic, as the metrics of delivery see it."""
    caller = Caller(aws)
    journal = Journal(aws, clock, account_id=caller.account_id, who=caller.who)
    journal.ensure()
    journal.begin("other", "rollout", {})
    edge.create("shop-1", Main=apps.record(MAIN, "shop-1"))
    shown(aws, clock, "traffic shop 1 100")
    (operation,) = journal.operations("shop")
    facts = operation.first.facts
    assert (facts["weights"], facts["planned"]) == (
        {MAIN: {"shop-1": 0}, f"{MAIN} (rule)": {}},
        {MAIN: {"shop-1": 200}, f"{MAIN} (rule)": {"shop-1": 200}},
    )


def test_domains_show_rules_as_they_show_records(aws: Aws, edge: Edge, clock: Clock) -> None:
    edge.create("shop-1", name="shop-group")
    edge.put({"shop-1": 200})
    rows = shown(aws, clock, "domains shop")
    assert [(row["resource_id"], row["domain"], row["weight"], row["type"], row["value"]) for row in rows] == [
        ("Web", MAIN, 200, "rule", "shop-group"),
        ("WebVersionDomain", "shop-1.hello.example.org", None, "rule", "shop-group"),
    ]


def test_records_that_hide_the_balancer_are_warned_of(aws: Aws, apps: Apps, edge: Edge, clock: Clock) -> None:
    apps.create("shop-1")
    edge.versions({"shop-2": 200})
    result = CliRunner().invoke(cli, ["traffic", "shop"], obj=Context(aws, clock=clock))
    told = f"Warning: {MAIN}: Route 53 has records of this very name that lead elsewhere (shop-1); as long as they are"
    assert told in result.stderr
    result = CliRunner().invoke(cli, ["traffic", "shop", "2", "50"], obj=Context(aws, clock=clock))
    assert told in result.stderr
    assert f"{MAIN} at the load balancer: shop-2 gets 100 %, because no other version has traffic" in result.stderr
    aws.call("cloudformation", "delete_stack", StackName="shop-1")
    assert CliRunner().invoke(cli, ["traffic", "shop"], obj=Context(aws, clock=clock)).stderr == ""


def test_a_record_that_leads_to_the_balancer_hides_nothing(aws: Aws, apps: Apps, edge: Edge, clock: Clock) -> None:
    """How an app moves: DNS shares the requests among the balancers, and the rule those that arrive at its own."""
    apps.create("shop-1")
    record = apps.record(MAIN, "shop-2")
    for key in ("TTL", "ResourceRecords"):
        del record["Properties"][key]
    target = {"DNSName": edge.balancer["DNSName"], "HostedZoneId": edge.balancer["CanonicalHostedZoneId"]}
    record["Properties"]["AliasTarget"] = target
    edge.create("shop-2", Main=record)
    apps.set({"shop-1": 200})
    rows = shown(aws, clock, "traffic shop 2 10")
    assert [(row["type"], row["identifier"], row["new_weight%"]) for row in rows] == [
        ("A", "shop-1", 90.0),
        ("A", "shop-2", 10.0),
        ("rule", "shop-2", 100.0),
    ]
    assert CliRunner().invoke(cli, ["traffic", "shop"], obj=Context(aws, clock=clock)).stderr == ""


@pytest.mark.parametrize("name", [MAIN, f"_acme-challenge.{MAIN}"])
@pytest.mark.parametrize("filler", [0, 900], ids=["a small zone", "a large one"])
def test_records_that_lead_nowhere_hide_a_wildcard_too(
    name: str, filler: int, aws: Aws, apps: Apps, edge: Edge, clock: Clock
) -> None:
    """A name that exists, by whatever record and be it of a longer name, is none that a wildcard stands for."""
    edge.versions({"shop-1": 200})
    assert CliRunner().invoke(cli, ["traffic", "shop"], obj=Context(aws, clock=clock)).stderr == ""
    texts = [name, *(f"n{number}.hello.example.org" for number in range(filler))]
    records = [{"Name": text, "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"proof"'}]} for text in texts]
    changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in records]
    aws.call("route53", "change_resource_record_sets", HostedZoneId=apps.zone_id(), ChangeBatch={"Changes": changes})
    fresh = Aws(endpoint=aws._endpoint)
    told = (
        f"Warning: {MAIN}: no wildcard stands for it while Route 53 has {name} TXT, and no record of its own leads "
        "anywhere, so the load balancer edge-1 gets none of the requests. WeightedRecords give it one.\n"
    )
    assert CliRunner().invoke(cli, ["traffic", "shop"], obj=Context(fresh, clock=clock)).stderr == told
    result = CliRunner().invoke(cli, ["traffic", "shop", "1", "100"], obj=Context(fresh, clock=clock))
    assert told in result.stderr


def test_a_group_of_a_stack_that_was_made_anew_is_not_taken_for_the_one_before(aws: Aws, edge: Edge) -> None:
    """The tagging API goes on telling of it for a while, and no rule can be given it."""
    edge.create("shop-1")
    edge.create("shop-2")
    former, other = edge.group("shop-1"), edge.group("shop-2")
    balancing = Balancing(aws)
    assert balancing.groups().keys() == {former, other}
    aws.call("cloudformation", "delete_stack", StackName="shop-1")
    edge.create("shop-1")
    assert balancing.groups([edge.group("shop-1")]).keys() == {edge.group("shop-1"), other}
