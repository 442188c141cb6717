"""Template or manual installation: what the decision rules DD01 to DD15 (asr-facts 2.1) say together."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.planning.method_rules import ONLY_PHYSICAL, RULE_IDS, RULES, Effect, Route, RouteFacts, Rule
from wizard.planning.vocabulary import MachineKind
from wizard.text import Text

__all__ = ["RULES", "Decision", "Effect", "Route", "RouteFacts", "RuleOutcome", "decide", "why_no_template"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOutcome:
    """One rule, whether it applies here, and what it says when it does.

    Effect `refuse` takes the template out of the choice, `recommend` speaks for a route.
    """

    id: str
    applies: bool
    effect: Effect
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The route to take, whether the rules permit each route, and what each of the fifteen rules said.

    Route `ova` is the template (classic) or the OVF of the appliance, `manual` is Unified Setup (classic) or
    DRInstaller.ps1 (modernized). The manual route is always permitted.
    """

    recommended: Route
    permitted: dict[Route, bool]
    rules: tuple[RuleOutcome, ...]

    @property
    def applying(self) -> tuple[RuleOutcome, ...]:
        """The rules that apply here, in the order of their ids."""
        return tuple(rule for rule in self.rules if rule.applies)


def decide(facts: RouteFacts) -> Decision:
    """Apply all rules in order: a refusal outweighs a recommendation, a later one an earlier one."""
    said = [_variant(id, facts) for id in RULE_IDS]
    applying = [rule for rule in said if rule.applies(facts)]
    refusing = [rule for rule in applying if rule.effect == "refuse"]
    recommending = [rule for rule in applying if rule.effect == "recommend"]
    routes = [rule.route for rule in refusing or recommending if rule.route is not None]
    return Decision(
        recommended=routes[-1] if routes else "manual",
        permitted={"ova": not refusing, "manual": True},
        rules=tuple(
            RuleOutcome(id=rule.id, applies=rule in applying, effect=rule.effect, text=Text(rule.text))
            for rule in said
        ),
    )


def _variant(id: str, facts: RouteFacts) -> Rule:
    variants = [rule for rule in RULES if rule.id == id]
    return next((rule for rule in variants if rule.applies(facts)), variants[0])


def why_no_template(protects: frozenset[MachineKind]) -> Text | None:
    """DD05 alone, which needs no further fact and holds for classic only: why the template cannot serve, or None.

    The appliance's template serves physical servers too, as long as the appliance itself is a virtual machine.
    """
    return Text(ONLY_PHYSICAL) if protects == {"physical"} else None
