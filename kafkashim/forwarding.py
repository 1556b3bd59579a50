"""What brokers hand on to the controller, and what comes of it when they do not reach it.

``ForwardingManagerImpl``: a request that the controller does not answer is tried again for a minute,
whatever time it brings itself, and answered with REQUEST_TIMED_OUT then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kafka_codecs.errors import ErrorCode
from kafka_codecs.schema import Request, Response
from kafkashim.apis import RequestContext
from kafkashim.parked import Parked
from kafkashim.state import Broker

# NodeToControllerChannelManagerImpl, retryTimeoutMs.
RETRY_TIMEOUT_MS = 60_000

Handle = Callable[[Any, Broker, RequestContext], Any]


def forwarded(handle: Handle) -> Handle:
    """A handler that does nothing while its broker is cut off."""

    def forward(request: Request, broker: Broker, context: RequestContext) -> Any:
        return (
            _no_controller(request, broker, context)
            if broker.isolated
            else handle(request, broker, context)
        )

    return forward


def _no_controller(request: Request, broker: Broker, context: RequestContext) -> Parked[Response]:
    from kafkashim.faults.refusals import refusal

    parked: Parked[Response] = Parked()

    def give_up() -> None:
        parked.answer(refusal(request, context.version, ErrorCode.REQUEST_TIMED_OUT, broker))

    parked.on_cancel = broker.clock.call_later(RETRY_TIMEOUT_MS, give_up).cancel
    return parked
