"""What a call over HTTP takes along: how long it may take, and which attempt it is."""

from seawall.resilience.attempt import ATTEMPT, current_attempt
from seawall.resilience.deadline import current_deadline
from seawall.resilience.timeout_headers import REQUEST_TIMEOUT, format_request_timeout


def call_headers() -> dict[str, str]:
    """`x-request-timeout-ms` under a deadline, `x-attempt` where somebody above retries.

    Raises DeadlineExceeded if too little time is left for a call.
    """
    headers = {}
    if (deadline := current_deadline()) is not None:
        headers[REQUEST_TIMEOUT] = format_request_timeout(deadline.for_next_hop())
    if (attempt := current_attempt()) is not None:
        headers[ATTEMPT] = str(attempt)
    return headers
