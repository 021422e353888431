"""Who is told what becomes of a rollout: the topics and webhooks that its definition names. It never stops anything."""

from __future__ import annotations

from senza.journal import redacted
from senza.rollout.notify import Event, tell
from senza.rollout.report import html, svg
from senza.rollout.reporting import HTML, SVG, record_of
from senza.rollout.runner import Listeners
from senza.rollout.running import Run
from senza.rollout.shifting import described, weights_left
from senza.rollout.steps import RolloutStep, Shift


class Telling(Listeners):
    """Tells of each move of traffic, of turning back, of stopping, and of the end."""

    def done(self, run: Run, step: RolloutStep) -> None:
        if isinstance(step, Shift):
            self._tell(run, "traffic moved", step.says)

    def turned(self, run: Run, because: str) -> None:
        self._tell(run, "goes back", because)

    def stopped(self, run: Run, because: str) -> None:
        self._tell(run, "stopped, a person has to decide", because)

    def ended(self, run: Run, result: str, because: str) -> None:
        """With the report, kept beside the journal."""
        record = record_of(run.operation, result)
        run.operation.attach(HTML, html(record).encode(), "text/html; charset=utf-8")
        run.operation.attach(SVG, svg(record).encode(), "image/svg+xml")
        self._tell(run, result, because)

    def _tell(self, run: Run, what: str, because: str) -> None:
        if not run.rollout.notify:
            return
        lines = [f"{run.ground.app} {run.ground.version}: {what}", because]
        lines += [f"{domain}: {described(weights)}" for domain, weights in weights_left(run).items()]
        lines.append(f"senza rollout status {run.ground.app}")
        text = str(redacted({"said": "\n".join(line for line in lines if line)}, run.secrets)["said"])
        event = Event(lines[0], text)
        for problem in tell(run.aws, run.web, run.rollout.notify, event):
            run.say(problem)
