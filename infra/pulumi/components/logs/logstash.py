"""Logstash as ECK's resource: lines of the shop become documents of one data stream."""

from typing import Any

from components.logs.elastic_stack import NAME, pod
from components.logs.namespaces import LOGSTASH_PORT
from versions import ELASTIC

MEMORY_MIB = 1024
DATASET, STREAM = "seawall", "shop"
DATA_STREAM = f"logs-{DATASET}-{STREAM}"
DISK_GIB, QUEUE = 1, "768mb"

# A line is JSON as seawall.telemetry writes it. What is none, as a traceback of Python, stays a text.
PIPELINE = f"""\
input {{
  beats {{ port => {LOGSTASH_PORT} }}
}}
filter {{
  json {{ source => "message" target => "line" skip_on_invalid_json => true }}
  if [line][time] {{
    date {{ match => ["[line][time]", "ISO8601"] }}
    mutate {{
      replace => {{ "message" => "%{{[line][message]}}" }}
      rename => {{
        "[line][level]" => "[log][level]"
        "[line][logger]" => "[log][logger]"
        "[line][service]" => "[service][name]"
        "[line][trace_id]" => "[trace][id]"
        "[line][correlation_id]" => "[labels][correlation_id]"
        "[line][exception]" => "[error][stack_trace]"
      }}
      remove_field => ["[line][message]", "[line][time]"]
    }}
  }}
}}
output {{
  elasticsearch {{
    hosts => ["${{LOGS_ES_HOSTS}}"]
    user => "${{LOGS_ES_USER}}"
    password => "${{LOGS_ES_PASSWORD}}"
    ssl_certificate_authorities => "${{LOGS_ES_SSL_CERTIFICATE_AUTHORITY}}"
    data_stream => true
    data_stream_type => "logs"
    data_stream_dataset => "{DATASET}"
    data_stream_namespace => "{STREAM}"
  }}
}}
"""


def logstash(replicas: int) -> dict[str, Any]:
    """What Elasticsearch does not take waits on a disk, up to a bound; then shippers wait, never the shop."""
    return {
        "version": ELASTIC,
        "count": replicas,
        "elasticsearchRefs": [{"name": NAME, "clusterName": "logs"}],
        "config": {"queue.type": "persisted", "queue.max_bytes": QUEUE},
        "pipelines": [{"pipeline.id": "shop", "config.string": PIPELINE}],
        "services": [
            {
                "name": "beats",
                "service": {
                    "spec": {
                        "type": "ClusterIP",
                        "ports": [{"name": "beats", "port": LOGSTASH_PORT, "targetPort": LOGSTASH_PORT}],
                    }
                },
            }
        ],
        "podTemplate": pod("logstash", 200, MEMORY_MIB),
        "volumeClaimTemplates": [
            {
                "metadata": {"name": "logstash-data"},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": f"{DISK_GIB}Gi"}},
                },
            }
        ],
    }
