"""ListTransactions: by state, producer id, duration and pattern."""

from __future__ import annotations

import re
from typing import Any

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.api_65_describe_transactions import initialised
from kafka_codecs.messages.api_65_describe_transactions import DescribeTransactionsRequest
from kafka_codecs.messages.api_66_list_transactions import (
    ListTransactionsRequest,
    ListTransactionsResponse,
)

DAYS_MS = 10**15


@scene(ListTransactionsRequest)
def filters(c: Conversation, version: int) -> None:
    one, two = initialised(c, "one"), initialised(c, "two")
    known = c.quietly(DescribeTransactionsRequest(transactional_ids=[two]), 0)
    producer_id = known.transaction_states[0].producer_id

    def of_this_scene(answer: ListTransactionsResponse) -> None:
        answer.transaction_states = [
            state for state in answer.transaction_states if state.transactional_id in (one, two)
        ]

    def ask(label: str, states: list[str], ids: list[int], **more: Any) -> None:
        request = ListTransactionsRequest(state_filters=states, producer_id_filters=ids, **more)
        c.ask(label, request, version, look=of_this_scene)

    ask("all", [], [])
    for states in (
        ["Empty"],
        ["Ongoing"],
        ["Ongoing", "Empty"],
        ["empty"],
        ["Empty", "Odd"],
        ["Odd", "Odd"],
        ["", "b", "a"],
        ["Dead"],
        ["PrepareCommit", "PrepareAbort", "CompleteCommit"],
        ["CompleteAbort", "PrepareEpochFence"],
    ):
        ask(f"states {states}", states, [])
    for label, ids in (
        ("its id", [producer_id]),
        ("another id", [2**62]),
        ("both", [2**62, producer_id]),
        ("no id", [-1]),
    ):
        ask(label, [], ids)
        ask(f"{label}, empty", ["Empty"], ids)
    if version >= 1:
        for duration in (-2, -1, 0, 1000, DAYS_MS):
            ask(f"duration {duration}", [], [], duration_filter=duration)
    if version >= 2:
        mine = re.escape(c.name(""))
        for pattern in (
            *(None, "", ".*", f"{mine}t.*", f"{mine}t", "two", "(", "[a-", "(?i).*ONE"),
            *("(?<n>.*)", ".*\\pL", ".*[[:alpha:]]", ".*++", ".{1001}", ".{99999999999}", "(?<=a)"),
        ):
            ask(f"pattern {pattern!r}", [], [], transactional_id_pattern=pattern)
