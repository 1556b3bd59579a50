"""Regular expressions as Apache Kafka's brokers read them: with RE2/J, in linear time whatever they are.

Its C++ sibling reads them here. What it takes and RE2/J does not is refused besides, and a mistake is
told in RE2/J's words, because clients see them.
"""

from __future__ import annotations

import importlib
import re
from typing import Any, Protocol

# What RE2 says of a mistake, up to the colon -> what RE2/J says.
_WORDS = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "unexpected )": "regexp/syntax: internal error",
    "no argument for repetition operator": "missing argument to repetition operator",
    "bad repetition operator": "invalid nested repetition operator",
    "trailing \\": "trailing backslash at end of expression",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid perl operator: (?<=": "invalid named capture",
    "invalid perl operator: (?<!": "invalid named capture",
    "invalid repetition size": "invalid repeat count",
    "invalid named capture group": "invalid named capture",
    "invalid UTF-8": "invalid escape sequence",
}
# RE2 takes a count of nine digits for characters that stand for themselves, and a name twice for two.
_STRICTER = re.compile(
    r"""\\Q.*?(?:\\E|$)|(?P<byte>\\C)|\\.     # escapes, in which the rest means nothing
    |\[\^?\]?(?:\\.|[^\]\\])*\]              # nor in a class
    |(?P<count>\{(?:\d{9,}(?:,\d*)?|\d+,\d{9,})\})
    |\(\?P?<(?P<name>\w+)>""",
    re.VERBOSE | re.DOTALL,
)


class PatternSyntaxError(ValueError):
    """An expression RE2/J does not read; the text is its own."""


class Pattern(Protocol):
    """An expression that was read."""

    def fullmatch(self, text: str) -> object:
        """Something when the whole text matches, ``None`` when not."""
        ...


def compile_pattern(expression: str) -> Pattern:
    """Read an expression.

    Raises:
        PatternSyntaxError: RE2/J does not read it.
    """
    re2: Any = importlib.import_module("re2")
    options = re2.Options()
    options.log_errors = False
    try:
        pattern: Pattern = re2.compile(expression, options)
    except re2.error as error:
        said: str = error.args[0].decode("utf-8", "replace")
        about = said.partition(":")[0]
        raise PatternSyntaxError(_WORDS.get(said) or _WORDS.get(about, about)) from None
    names: set[str] = set()
    for found in _STRICTER.finditer(expression):
        if found["byte"]:
            raise PatternSyntaxError("invalid escape sequence")
        if found["count"]:
            raise PatternSyntaxError("invalid repeat count")
        if found["name"] in names:
            raise PatternSyntaxError("duplicate capture group name")
        names |= {found["name"]} - {None}
    return pattern
