"""The switch at a shared load balancer: the rule of the domain gets new target groups and weights in one call.

ModifyRule replaces all actions of a rule at once, and has no condition ("ModifyRule" in the Elastic Load Balancing API
reference). So the rule is read right before and compared with what the plan was made from, and read again afterwards:
of two people the second one is told. What lies between reading and writing is one request, even where AWS does not
answer: it is never sent again without reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from senza.errors import AwsError, Conflict, Refused
from senza.plan import Outcome, Step, World, perform
from senza.stacks.references import split_name
from senza.traffic.protection import gaining, losing, set_protection
from senza.traffic.rule_writing import clear, create, insisting, modify, remove
from senza.traffic.rules import Rule, RuleDomain, Target, group_name, rules_at, rules_of
from senza.traffic.weighted import Key, WeightChange, described

MOST_GROUPS = 5
"""Target groups of one rule ("Quotas for your Application Load Balancers")."""
PRIORITIES = 5
"""How often a free priority is looked for."""
BEHIND = 2.0
"""Seconds that the API may need to tell what it was told."""
LOOK_AGAIN = "Look again (senza traffic NAME) and repeat the command if it is still what you want."


@dataclass(frozen=True)
class ShiftRule(Step):
    """Set the weights of one domain of a listener. Its outcome's facts: ``observed``, weights read back, by Key.

    changes: of all target groups that are in the rule or shall be, also those that keep their weight. app: whose rule
    it is, where there is none yet. why: for users, where they did not ask for it themselves.
    """

    domain: RuleDomain
    changes: tuple[WeightChange[Target], ...]
    app: str = ""
    why: str = ""

    @property
    def says(self) -> str:
        each = [str(one) for one in self.changes if one.weight != (one.record.weight or 0)]
        return f"Set the weights of {self.domain}: {', '.join(each)}" + (f" ({self.why})" if self.why else "")

    @property
    def if_interrupted(self) -> str:
        return "The weights of a listener rule change all at once or not at all: senza traffic shows what they are."

    @property
    def undone_by(self) -> str:
        before = ", ".join(f"{change.record.identifier} {change.record.weight}" for change in self.changes)
        return f"the weights before were {before}"

    @property
    def before(self) -> dict[str, int]:
        """Weight by ARN of the target groups, those of weight 0 left out."""
        return {one.record.group: one.record.weight for one in self.changes if one.record.weight}

    @property
    def gaining(self) -> set[str | None]:
        """The identifiers of those that get more."""
        return {one.record.identifier for one in self.changes if one.weight > (one.record.weight or 0)}

    @property
    def after(self) -> dict[str, int]:
        return {one.record.group: one.weight for one in self.changes if one.weight}


def rule_step(domain: RuleDomain, changes: Sequence[WeightChange[Target]]) -> ShiftRule:
    """The step that makes these changes of one domain.

    Raises Refused where the rule does something else than forward, leads to a version of another app alone, would have
    too many target groups, or is not for all requests.
    """
    rule = next((change.record.rule for change in changes), None)
    if rule and not rule.forward:
        does = ", ".join(str(action["Type"]) for action in rule.actions)
        raise Refused(
            f"the listener rule of {domain} (priority {rule.priority}) does not forward to target groups: {does}",
            hint=f"Delete that rule if it is no longer wanted: aws elbv2 delete-rule --rule-arn {rule.arn}",
        )
    now = [change.record for change in changes if rule and change.record.group in rule.weights]
    if rule and now and all(record.elsewhere for record in now):
        whose = ", ".join(str(record.identifier) for record in now)
        raise Refused(
            f"the listener rule of {domain} (priority {rule.priority}) is not the app's: it leads to {whose}, which is "
            "there for another domain",
            hint="Where that is the own domain of another app's version, choose another MainDomain. Where somebody "
            "led it there for a while, give it back by hand first: aws elbv2 modify-rule "
            f"--rule-arn {rule.arn}",
        )
    if narrowed := next((change.record.narrowed for change in changes if change.weight), None):
        raise Refused(
            f"the listener rule of {domain} (priority {narrowed.priority}) has further conditions besides the host; a "
            "new rule beside it would give all other requests to the one version that is asked for",
            hint="Take those conditions away, for now at least: aws elbv2 modify-rule "
            f"--rule-arn {narrowed.arn} --conditions Field=host-header,Values={domain}",
        )
    named = [str(change.record.identifier) for change in changes if change.weight]
    if len(named) > MOST_GROUPS:
        raise Refused(
            f"{domain} would have {len(named)} versions with traffic ({', '.join(named)}), and a listener rule "
            f"forwards to at most {MOST_GROUPS} target groups",
            hint="Take the traffic away from one of them first: senza traffic NAME VERSION 0",
        )
    return ShiftRule(domain, tuple(changes), app_of(changes))


def app_of(changes: Sequence[WeightChange[Target]]) -> str:
    """The app of the version that gets the most."""
    most = max(changes, key=lambda change: change.weight)
    return split_name(most.record.identifier or "")[0]


@dataclass(frozen=True)
class LeaveRule(Step):
    """Take a target group without weight out of the rules of a domain: nobody could delete it. group: its ARN."""

    domain: RuleDomain
    group: str

    @property
    def says(self) -> str:
        return f"Take {group_name(self.group)}, which has no weight, out of the rule of {self.domain}"


@perform.register
def leave_rule(step: LeaveRule, world: World) -> Outcome:
    """Raises Conflict where somebody gave it traffic meanwhile."""
    return Outcome("done" if insisting(world, partial(taken_out, step, world)) else "was so already")


def taken_out(step: LeaveRule, world: World) -> bool:
    done = False
    for number, rule in enumerate(rules_at(rules_of(world.aws, step.domain.listener), step.domain.name)):
        if step.group not in rule.weights:
            continue
        if number == 0 and rule.weights[step.group]:
            raise Conflict(f"somebody just gave traffic of {step.domain} to {group_name(step.group)}", hint=LOOK_AGAIN)
        others = {arn: weight for arn, weight in rule.weights.items() if arn != step.group}
        if others:
            modify(world, rule, others)
        else:
            remove(world, rule.arn)
        done = True
    return done


@perform.register
def shift_rule(step: ShiftRule, world: World) -> Outcome:
    set_protection(world, gaining(step.changes), on=True)
    said, made = insisting(world, partial(write, step, world))
    set_protection(world, losing(step.changes), on=False)
    try:
        found = read_back(step, world)
    except AwsError as error:  # the weights are changed, whether or not we may look at them
        return Outcome(f"{said}, but it could not be looked at: {error}")
    if made and len(found) > 1:
        insisting(world, partial(give_way, step, world, made))
    if weights_of(found) != step.after:
        raise Conflict(
            f"the weights of {step.domain} were set, and somebody else changed them since: now {told(step, found)}",
            hint=LOOK_AGAIN,
        )
    return Outcome(said, {"observed": observed(step, found)})


def read_back(step: ShiftRule, world: World) -> list[Rule]:
    """The rules of the domain after the change. What is still as before may be an answer that is behind: once more."""
    found = rules_at(rules_of(world.aws, step.domain.listener), step.domain.name)
    if weights_of(found) != step.before or step.before == step.after:
        return found
    world.clock.sleep(BEHIND)
    return rules_at(rules_of(world.aws, step.domain.listener), step.domain.name)


def write(step: ShiftRule, world: World) -> tuple[str, str]:
    """Read and write, with nothing in between. What was done, and the ARN of the rule that was made.

    Raises Conflict where the rule is not as planned.
    """
    for _ in range(PRIORITIES):
        rules = rules_of(world.aws, step.domain.listener)
        found = rules_at(rules, step.domain.name)
        if weights_of(found) == step.after:
            return "was in effect already", ""
        if weights_of(found) != step.before:
            raise Conflict(
                f"somebody else is changing {step.domain}: {told(step, found)} is no longer what this was planned "
                "from; nothing was changed",
                hint=LOOK_AGAIN,
            )
        if not found:
            if made := create(world, step.domain, step.after, step.app, rules):
                return "in effect, with a new rule", made
        elif clear(world, step.domain, found[1:]):
            continue
        elif step.after:
            kept_order = [arn for arn in found[0].weights if arn in step.after]
            modify(world, found[0], dict.fromkeys(kept_order, 0) | step.after)
            return "in effect", ""
        else:
            remove(world, found[0].arn)
            return "in effect: the rule is gone", ""
    raise Conflict(
        f"no priority was found for the rule of {step.domain}: others took each that was free; nothing was changed",
        hint="Repeat the command.",
    )


def give_way(step: ShiftRule, world: World, made: str) -> NoReturn:
    """Two rules were made for one host at the same time: ours goes, whichever of them is looked at first.

    Nobody had traffic before; so at worst, where both go, nobody has any now.
    """
    remove(world, made)
    raise Conflict(
        f"somebody else made a rule for {step.domain} at the same time; the own one is removed again",
        hint=LOOK_AGAIN,
    )


def weights_of(found: Sequence[Rule]) -> dict[str, int]:
    """Of the rule that has an effect, without the target groups of weight 0."""
    return {arn: weight for arn, weight in found[0].weights.items() if weight} if found else {}


def observed(step: ShiftRule, found: Sequence[Rule]) -> dict[Key, int]:
    names = {change.record.group: str(change.record.identifier) for change in step.changes}
    weights = dict.fromkeys(names, 0) | weights_of(found)
    return {
        (step.domain.name, step.domain.type, names.get(arn) or group_name(arn)): weight
        for arn, weight in weights.items()
    }


def told(step: ShiftRule, found: Sequence[Rule]) -> str:
    weights = {identifier: weight for (_, _, identifier), weight in observed(step, found).items() if weight}
    return described(weights.items()) or "no rule"
