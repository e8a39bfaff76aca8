"""Dashboards of Grafana, typed.

https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Unit = Literal["short", "reqps", "s", "percentunit", "bytes", "Bps", "ops", "bool"]
WIDTH, HEIGHT, PER_LINE = 24, 8, 3
# The schema that Grafana 11 and 12 migrate from.
SCHEMA = 39
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
PICK_DATASOURCE = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


@dataclass(frozen=True)
class Query:
    """What is asked, and what its lines are called; `{{label}}` is the label's value."""

    expression: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """One picture. `tells` is how to read it."""

    title: str
    queries: tuple[Query, ...]
    unit: Unit = "short"
    tells: str = ""
    stacked: bool = False


@dataclass(frozen=True)
class Row:
    """Panels about one thing, side by side."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Pick:
    """A variable: one of the values that a label has in the answer to a query."""

    name: str
    label: str
    expression: str


@dataclass(frozen=True)
class Dashboard:
    """One page. Its address is by `uid`, which stays."""

    uid: str
    title: str
    rows: tuple[Row, ...]
    picks: tuple[Pick, ...] = ()

    def model(self) -> dict[str, Any]:
        """Grafana's JSON."""
        return {
            "uid": self.uid,
            "title": self.title,
            "tags": ["seawall"],
            "schemaVersion": SCHEMA,
            "editable": False,
            "refresh": "15s",
            "time": {"from": "now-1h", "to": "now"},
            "timezone": "utc",
            "templating": {"list": [PICK_DATASOURCE, *(_pick(each) for each in self.picks)]},
            "panels": [*_numbered(_placed(self.rows))],
        }


def _placed(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    y = 0
    for row in rows:
        yield {
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "panels": [],
            "gridPos": _at(0, y, WIDTH, 1),
        }
        y += 1
        width = WIDTH // min(PER_LINE, len(row.panels))
        for number, panel in enumerate(row.panels):
            line, column = divmod(number, PER_LINE)
            yield _panel(panel) | {"gridPos": _at(column * width, y + line * HEIGHT, width, HEIGHT)}
        y += -(-len(row.panels) // PER_LINE) * HEIGHT


def _at(x: int, y: int, w: int, h: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": w, "h": h}


def _numbered(panels: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for number, panel in enumerate(panels, start=1):
        yield panel | {"id": number}


def _panel(panel: Panel) -> dict[str, Any]:
    stacking = {"fillOpacity": 30, "stacking": {"mode": "normal"}} if panel.stacked else {}
    return {
        "type": "timeseries",
        "title": panel.title,
        "description": panel.tells,
        "datasource": DATASOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "custom": stacking}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + number), "expr": query.expression, "legendFormat": query.legend}
            for number, query in enumerate(panel.queries)
        ],
    }


def _pick(pick: Pick) -> dict[str, Any]:
    return {
        "name": pick.name,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": f"label_values({pick.expression}, {pick.label})", "refId": pick.name},
        "refresh": 2,
        "sort": 1,
    }
