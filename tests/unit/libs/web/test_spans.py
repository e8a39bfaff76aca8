"""The span of a request."""

from collecting import collecting
from seawall.settings import ServiceSettings
from unit.libs.web.api import build, client

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"


async def test_a_sampled_request_is_a_span_named_by_its_route() -> None:
    """With method and status, also of a refusal; what is not sampled makes none."""
    with collecting() as collector:
        async with client(build(ServiceSettings(otlp_endpoint=collector.endpoint))) as http:
            for flags in ("01", "00"):
                await http.post(
                    "/v1/key", headers={"Idempotency-Key": "k", "traceparent": f"{TRACE}-{flags}"}
                )
            await http.post("/v1/key", headers={"traceparent": f"{TRACE}-01"})
    spans = [(span.name, span.attributes["http.response.status_code"]) for span in collector.spans]
    assert spans == [("POST /v1/key", 200), ("POST /v1/key", 400)]
    assert {span.parent_id for span in collector.spans} == {TRACE[36:52]}


async def test_a_sampled_request_is_an_exemplar_of_its_duration() -> None:
    """For whoever reads OpenMetrics; Prometheus' older text has none."""
    with collecting() as collector:
        async with client(build(ServiceSettings(otlp_endpoint=collector.endpoint))) as http:
            await http.post("/v1/key", headers={"Idempotency-Key": "k", "traceparent": f"{TRACE}-01"})
            open_metrics = await http.get("/metrics", headers={"Accept": "application/openmetrics-text"})
            text = await http.get("/metrics")
            exemplar = f'# {{trace_id="{TRACE[3:35]}"}}'
            assert exemplar in await open_metrics.text()
            assert exemplar not in await text.text()
