"""The access log: a JSON line on stdout per request, in the shape of the services' own logs."""

from services.gateway.envoy_config.resource import Json, typed

_TIME = "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%"


def access_log() -> Json:
    """No query string, no header but those named here."""
    fields = {
        "time": _TIME,
        "level": "INFO",
        "service": "gateway",
        "logger": "gateway.access",
        "message": "request",
        "correlation_id": "%REQ(X-REQUEST-ID)%",
        "trace_id": "%RESP(X-TRACE-ID)%",
        "method": "%REQ(:METHOD)%",
        "path": "%PATH(NQ:PATH)%",
        "route": "%ROUTE_NAME%",
        "status": "%RESPONSE_CODE%",
        "flags": "%RESPONSE_FLAGS%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "upstream": "%UPSTREAM_CLUSTER%",
        "upstream_host": "%UPSTREAM_HOST%",
        "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
        "duration_ms": "%DURATION%",
        "upstream_ms": "%RESPONSE_DURATION%",
        "bytes_received": "%BYTES_RECEIVED%",
        "bytes_sent": "%BYTES_SENT%",
        "protocol": "%PROTOCOL%",
    }
    return {
        "name": "envoy.access_loggers.stdout",
        "typed_config": typed(
            "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
            log_format={"json_format": fields},
        ),
    }
