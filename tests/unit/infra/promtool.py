"""Prometheus's own tool for tests of rules: it evaluates them over series that are made up."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("promtool")
WHERE = "go install github.com/prometheus/prometheus/cmd/promtool@v0.316.0"


@dataclass(frozen=True)
class Case:
    """Series of a sample a minute, as promtool writes them, and how many alerts of a name fire after them."""

    alert: str
    says: str
    series: dict[str, str]
    minutes: int
    fires: int
    labels: str = ""

    def test(self) -> dict[str, Any]:
        """As promtool reads it."""
        firing = f'ALERTS{{alertname="{self.alert}",alertstate="firing"{self.labels and "," + self.labels}}}'
        return {
            "name": f"{self.alert}: {self.says}",
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in self.series.items()],
            "promql_expr_test": [
                {
                    "expr": f"count({firing}) or vector(0)",
                    "eval_time": f"{self.minutes}m",
                    "exp_samples": [{"labels": "{}", "value": self.fires}],
                }
            ],
        }


def run(folder: Path, action: str, groups: Sequence[Any], cases: Sequence[Case] = ()) -> str:
    """What it says of the rules, nothing if all is well. JSON is YAML."""
    rules, tests = folder / "rules.yml", folder / "tests.yml"
    rules.write_text(json.dumps({"groups": groups}))
    tests.write_text(
        json.dumps(
            {
                "rule_files": [str(rules)],
                "evaluation_interval": "1m",
                "fuzzy_compare": True,
                "tests": [case.test() for case in cases],
            }
        )
    )
    done = subprocess.run(
        [str(PROGRAM), action, "rules", str(tests if action == "test" else rules)],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr
