"""Subscriptions by regular expression (KIP-848, ``TopicRegexResolver``).

Apache Kafka reads them with RE2/J. Python's expressions are nearly the same; what RE2 has not is refused
here too: looking ahead and behind, references to groups, and conditions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from kafka_codecs.errors import ErrorCode
from kafkashim.groups.consumer_group import ConsumerGroup
from kafkashim.groups.consumer_member import ConsumerGroupMember
from kafkashim.groups.refused import Refused

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


_NOT_IN_RE2 = re.compile(
    r"""\\(?:[^0-9Z]|$)          # an escape that both know
    |\[\^?\]?(?:\\.|[^\]\\])*\]  # a class, in which none of this means anything
    |(?P<foreign>\\[1-9]|\\Z|\(\?(?:[=!>#(]|<[=!]|P=)|[*+?}]\+)""",
    re.VERBOSE | re.DOTALL,
)


def compile_regex(regex: str) -> re.Pattern[str]:
    """Read an expression.

    Raises:
        Refused: it is none (INVALID_REGULAR_EXPRESSION).
    """
    for found in _NOT_IN_RE2.finditer(regex):
        if found["foreign"]:
            unknown = found["foreign"].startswith("\\")
            words = "invalid escape sequence" if unknown else "invalid or unsupported Perl syntax"
            raise _invalid(regex, words)
    try:
        # Java writes a named group without the P, which Python cannot read.
        return re.compile(regex.replace("(?<", "(?P<"))
    except (re.error, OverflowError, RecursionError) as error:
        raise _invalid(regex, _as_re2_says(error, regex)) from error


def _invalid(regex: str, why: str) -> Refused:
    text = f"SubscribedTopicRegex `{regex}` is not a valid regular expression: {why}."
    return Refused(ErrorCode.INVALID_REGULAR_EXPRESSION, text)


def _as_re2_says(error: Exception, regex: str) -> str:
    """The words RE2/J has for the most frequent mistakes."""
    said = str(error)
    position = getattr(error, "pos", None) or 0
    if said.startswith("unterminated character set"):
        return "missing closing ]"
    if said.startswith("missing ), unterminated subpattern"):
        return "missing closing )"
    if said.startswith("unbalanced parenthesis"):
        return "regexp/syntax: internal error"
    if said.startswith("nothing to repeat"):
        return "missing argument to repetition operator"
    if said.startswith("multiple repeat"):
        return "invalid nested repetition operator"
    if said.startswith("bad escape (end of pattern)"):
        return "trailing backslash at end of expression"
    if said.startswith("bad escape"):
        return "invalid escape sequence"
    if said.startswith("min repeat greater"):
        return "invalid repeat count"
    if said.startswith("bad character range"):
        return "invalid character class range"
    return f"{said or 'too large'} at {position} of {len(regex)}"


def matches(regexes: Iterable[str], topics: Iterable[str]) -> dict[str, frozenset[str]]:
    """Which topics each expression matches, as a whole."""
    names = tuple(topics)
    return {
        regex: frozenset(filter(compile_regex(regex).fullmatch, names)) for regex in set(regexes)
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
            compile_regex(new)
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
