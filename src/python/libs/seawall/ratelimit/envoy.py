"""Envoy's rate limit service, answered by our limiter.

Needs grpcio and protobuf, which the rest of this lib does without.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from seawall.extras import extra
from seawall.ratelimit.decision import Decision, Verdict
from seawall.ratelimit.http_fields import http_fields, quota_exceeded
from seawall.ratelimit.ports import RateLimiter
from seawall.ratelimit.rule import Charge, Rule

with extra("ratelimit,grpc"):
    import grpc

    from seawall.ratelimit.envoy_rls_pb2 import (
        OK,
        OVER_LIMIT,
        Descriptor,
        DescriptorStatus,
        HeaderValue,
        RateLimitRequest,
        RateLimitResponse,
    )

SERVICE = "envoy.service.ratelimit.v3.RateLimitService"

Rules = Mapping[str, Mapping[tuple[str, ...], Rule]]
"""By Envoy's `domain`: which rule holds for descriptors with these keys, in this order."""


class EnvoyRateLimits:
    """Decides for Envoy: the values of a descriptor are the subject, its keys name the rule.

    A domain is a tenant. A descriptor for which there is no rule is not limited; a limit that Envoy's route
    overrides is not read. Descriptors that meet in one count are charged together.
    """

    def __init__(self, limiter: RateLimiter, rules: Rules) -> None:
        self._limiter = limiter
        self._rules = rules

    def register(self, server: grpc.aio.Server) -> None:
        """Adds the service to a server, see seawall.rpc.serve_grpc."""
        handler = grpc.unary_unary_rpc_method_handler(
            self.should_rate_limit,
            request_deserializer=RateLimitRequest.FromString,
            response_serializer=RateLimitResponse.SerializeToString,
        )
        handlers = grpc.method_handlers_generic_handler(SERVICE, {"ShouldRateLimit": handler})
        server.add_generic_rpc_handlers((handlers,))

    async def should_rate_limit(self, request: RateLimitRequest, context: Any) -> RateLimitResponse:
        """The one call. All descriptors are charged, or none is."""
        if not request.domain:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "a request names its domain")
        asked = [self._charge(request, descriptor) for descriptor in request.descriptors]
        charges = _summed([charge for charge in asked if charge is not None])
        decision = await self._limiter.take(request.domain, charges)
        verdicts = {_count(charge): each for charge, each in zip(charges, decision.verdicts, strict=True)}
        found = [verdicts[_count(charge)] if charge is not None else None for charge in asked]
        return _response(decision, found)

    def _charge(self, request: RateLimitRequest, descriptor: Descriptor) -> Charge | None:
        keys = tuple(entry.key for entry in descriptor.entries)
        rule = self._rules.get(request.domain, {}).get(keys)
        if rule is None:
            return None
        units = request.hits_addend or 1
        if descriptor.HasField("hits_addend"):
            units = descriptor.hits_addend.value
        return Charge(rule, json.dumps([entry.value for entry in descriptor.entries]), units)


def _count(charge: Charge) -> tuple[str, str]:
    return charge.rule.name, charge.subject


def _summed(charges: Sequence[Charge]) -> list[Charge]:
    sums: dict[tuple[str, str], Charge] = {}
    for charge in charges:
        before = sums.get(_count(charge))
        units = charge.units + (before.units if before else 0)
        sums[_count(charge)] = Charge(charge.rule, charge.subject, units)
    return list(sums.values())


def _response(decision: Decision, verdicts: Sequence[Verdict | None]) -> RateLimitResponse:
    fields = http_fields(decision)
    response = RateLimitResponse(overall_code=OK, statuses=[_status(verdict) for verdict in verdicts])
    if not decision.is_allowed:
        response.overall_code = OVER_LIMIT
        response.raw_body = json.dumps(quota_exceeded(decision)).encode()
        fields["Content-Type"] = "application/problem+json"
    response.response_headers_to_add.extend(HeaderValue(key=key, value=text) for key, text in fields.items())
    return response


def _status(verdict: Verdict | None) -> DescriptorStatus:
    if verdict is None:
        return DescriptorStatus(code=OK)
    status = DescriptorStatus(
        code=OK if verdict.is_allowed else OVER_LIMIT, limit_remaining=min(verdict.remaining, 2**32 - 1)
    )
    status.duration_until_reset.FromNanoseconds(round(verdict.reset_after_seconds * 1e9))
    return status
