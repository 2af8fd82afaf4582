"""The page and the dashboard know every metric, and only metrics that exist."""

import json
import re
from pathlib import Path

from saleor_xcover_plugin.host.telemetry import METRICS, Metric
from testkit.generated_tables import require_current, table

DOCS = Path(__file__).resolve().parents[2] / "docs"


def prometheus_names(metric: Metric) -> set[str]:
    """Return the names OpenTelemetry's exporters give a metric in Prometheus."""
    name = metric.name.replace(".", "_")
    if not metric.buckets:
        return {f"{name}_total"}
    return {f"{name}_seconds_{part}" for part in ("bucket", "count", "sum")}


def test_the_table_of_metrics_is_current(request):
    rows = [
        (
            f"`{metric.name}`",
            "histogram, s" if metric.buckets else "counter",
            ", ".join(f"`{name}`" for name in metric.attributes),
            metric.description,
        )
        for metric in METRICS
    ]
    require_current(
        DOCS / "metrics.md",
        "metrics",
        table(("metric", "kind", "attributes", "what"), rows),
        update=request.config.getoption("--update-golden"),
    )


def test_the_dashboard_asks_for_every_metric_by_the_labels_it_has():
    dashboard = json.loads((DOCS / "dashboards" / "grafana.json").read_text())
    asked = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    known = {name for metric in METRICS for name in prometheus_names(metric)}
    labels = {name.replace(".", "_") for metric in METRICS for name in metric.attributes}

    names = set(re.findall(r"saleor_xcover\w+", asked))
    assert names <= known
    assert [m.name for m in METRICS if not names & prometheus_names(m)] == []
    groups = re.findall(r"by \(([^)]*)\)", asked)
    grouped = {label.strip() for group in groups for label in group.split(",")}
    assert grouped - {"le"} <= labels
    assert set(re.findall(r"(\w+)=~?\"", asked)) <= labels
