"""Reads OpenMetrics from standard input with the parser of prometheus_client, and prints its families as JSON.

With "prometheus" as its argument: the older text format, as files of node_exporter have it.
"""
import json
import sys

if sys.argv[1:] == ["prometheus"]:
    from prometheus_client.parser import text_string_to_metric_families as parse
else:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse

print(json.dumps({
    family.name: {
        "type": family.type,
        "unit": family.unit,
        "samples": [[sample.name, sample.labels, sample.value] for sample in family.samples],
    }
    for family in parse(sys.stdin.read())
}))
