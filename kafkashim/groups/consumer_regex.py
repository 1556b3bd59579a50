"""Subscriptions by regular expression (KIP-848, ``TopicRegexResolver``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from kafka_codecs.errors import ErrorCode
from kafkashim.groups.consumer_group import ConsumerGroup
from kafkashim.groups.consumer_member import ConsumerGroupMember
from kafkashim.re2j import PatternSyntaxError, compile_pattern
from kafkashim.refused import Refused

# Topics are looked for at most this often in a group, even if there are new ones.
LEAST_TIME_BETWEEN_MS = 10_000


class RegexContext(NamedTuple):
    """What expressions are looked at with.

    ``topics_version`` goes up with every new topic; ``refresh_interval_ms`` is
    ``group.consumer.regex.refresh.interval.ms``.
    """

    now_ms: int
    topics_version: int
    refresh_interval_ms: int


def check_regex(regex: str) -> None:
    """Refuse what is no expression.

    Raises:
        Refused: it is none (INVALID_REGULAR_EXPRESSION).
    """
    try:
        compile_pattern(regex)
    except PatternSyntaxError as error:
        text = f"SubscribedTopicRegex `{regex}` is not a valid regular expression: {error}."
        raise Refused(ErrorCode.INVALID_REGULAR_EXPRESSION, text) from error


def matches(regexes: Iterable[str], topics: Iterable[str]) -> dict[str, frozenset[str]]:
    """Which topics each expression matches, as a whole."""
    names = tuple(topics)
    return {
        regex: frozenset(filter(compile_pattern(regex).fullmatch, names)) for regex in set(regexes)
    }


@dataclass(frozen=True, slots=True)
class Expression:
    """What a member's expression means for its group.

    ``changed`` when it is another than before; ``resolved`` when what it matches is known already, so
    that the group's topics are others from now on; ``to_resolve`` are the expressions whose topics have
    to be looked for.
    """

    changed: bool
    resolved: bool
    changes: tuple[Callable[[], None], ...]
    to_resolve: tuple[str, ...]


NO_EXPRESSION = Expression(changed=False, resolved=False, changes=(), to_resolve=())


def look_at_expression(
    group: ConsumerGroup,
    member: ConsumerGroupMember,
    updated: ConsumerGroupMember,
    context: RegexContext,
) -> Expression:
    """See what an updated member's expression means (``maybeUpdateRegularExpressions``).

    Raises:
        Refused: it is none (INVALID_REGULAR_EXPRESSION).
    """
    old, new = member.topic_regex, updated.topic_regex
    if not (old or new or group.resolved):
        return NO_EXPRESSION
    used = group.regexes()
    resolved = needed = False
    changes: list[Callable[[], None]] = []
    if old != new:
        if old and used[old] == 1:
            changes.append(lambda: group.forget_regex(old))
        if new and not used[new]:
            check_regex(new)
            needed = True
        elif new:
            resolved = new in group.resolved
        else:
            resolved = bool(old)
    last = next(iter(group.resolved.values()), None)
    if not needed and not used:
        return Expression(old != new, resolved, tuple(changes), ())
    if last is not None and context.now_ms <= last.resolved_at_ms + LEAST_TIME_BETWEEN_MS:
        return Expression(old != new, resolved, tuple(changes), ())
    used.subtract([old])
    used.update([new])
    wanted = tuple(regex for regex, count in used.items() if regex and count > 0)
    needed = (
        needed
        or len(wanted) != len(group.resolved)
        or last is None
        or last.version < context.topics_version
        or context.now_ms > last.resolved_at_ms + context.refresh_interval_ms
    )
    return Expression(old != new, resolved, tuple(changes), wanted if needed else ())
