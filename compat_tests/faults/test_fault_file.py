"""``serve --faults``: the file that is read, and the place of every mistake in it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compat_tests.server.asking import new_topic, produce
from compat_tests.server.batches import GOOD
from compat_tests.server.test_cli import Serving, decoder, refusal, serve
from compat_tests.wire_client import ConnectionClosed
from kafkashim.faults import Faults, actions
from kafkashim.faults.conditions import Conditions
from kafkashim.faults.file import FaultFileError, read_fault_file

__all__ = ["decoder", "serve"]

ACTIONS = (
    "fail_before_append, fail_after_append, drop_request, drop_answer, cut_answer, delay_answer, "
    "slow_answer, close_connection, half_open, throttle"
)
CONDITIONS = (
    "api, version, client_id, connection, broker, topic, partition, producer_id, sequence, "
    "transactional_id, group, nth, every, times, probability, seed"
)
AT_THE_TOP = "write a list of faults, at the top or under the key 'faults'"


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str | bytes], list[dict[str, object]]]:
    path = tmp_path / "faults.yaml"

    def read(text: str | bytes) -> list[dict[str, object]]:
        path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        return read_fault_file(str(path))

    return read


Read = Callable[[str | bytes], list[dict[str, object]]]


def mistake(read: Read, text: str | bytes) -> str:
    """What is said, from the line on."""
    with pytest.raises(FaultFileError) as caught:
        read(text)
    said = str(caught.value)
    assert "\n" not in said
    return said.split("faults.yaml:")[1]


# -- what is read --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "- action: drop_answer\n  api: Produce\n  topic: orders\n  times: 1\n",
        "faults:\n  - action: drop_answer\n    api: Produce\n    topic: orders\n    times: 1\n",
        "faults: [{action: drop_answer, api: Produce, topic: orders, times: 1}]",
        '{"faults": [{"action": "drop_answer", "api": "Produce", "topic": "orders", "times": 1}]}',
        "# a comment\n---\n- {action: drop_answer, api: 'Produce', topic: \"orders\", times: 0x1}\n",
        "\ufeff- {action: drop_answer, api: Produce, topic: orders, times: 1}",
    ],
)
def test_a_fault(read: Read, text: str) -> None:
    words = {"action": "drop_answer", "api": "Produce", "topic": "orders", "times": 1}
    assert read(text) == [words]


def test_all_kinds_of_words(read: Read) -> None:
    found = read(
        """
        - action: fail_before_append
          error: NOT_LEADER_OR_FOLLOWER
          partition: 3
          every: 2
        - action: delay_answer
          ms: 2.5
          version: [3, 9]
          sequence: 5-9
          probability: 0.1
          seed: 7
        - action: drop_answer
          close: false
          topic: "*"
          client_id: null
        """
    )
    faults = Faults()
    assert [faults.add(words).words()["action"] for words in found] == [
        "fail_before_append",
        "delay_answer",
        "drop_answer",
    ]
    assert found[1]["version"] == [3, 9]
    assert found[2]["client_id"] is None


def test_anchors_and_merged_keys(read: Read) -> None:
    found = read(
        """
        - &lost {action: drop_answer, api: Produce, topic: a}
        - <<: *lost
          topic: b
        - *lost
        """
    )
    assert [words["topic"] for words in found] == ["a", "b", "a"]


@pytest.mark.parametrize("text", ["[]", "faults: []"])
def test_a_list_may_be_empty(read: Read, text: str) -> None:
    assert read(text) == []


# -- where the mistake is ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "faults:\n  - action: drop_answer\n    tpoic: orders\n",
            f"3:5: unknown condition 'tpoic': {CONDITIONS}",
        ),
        ("- action: drop_answr\n", f"1:11: unknown action 'drop_answr': {ACTIONS}"),
        ("- action: [drop_answer]\n", f"1:11: unknown action ['drop_answer']: {ACTIONS}"),
        ("- api: Produce\n  topic: a\n", f"1:3: the fault has no action: {ACTIONS}"),
        ("- api: Produce\n  action: fail_before_append\n", "2:11: fail_before_append needs error"),
        (
            "- {action: drop_answer, api: Prodoose}",
            "1:30: unknown API 'Prodoose': a name as Produce, or its key",
        ),
        ("- action: drop_answer\n  times: 0\n", "2:10: times is 1 or more, not 0"),
        ("- action: drop_answer\n  times: '1'\n", "2:10: times is a whole number, not '1'"),
        ("- action: drop_answer\n  topic: 12\n", "2:10: topic is a text, not 12"),
        ("- action: drop_answer\n  close: maybe\n", "2:10: close is true or false, not 'maybe'"),
        (
            "- action: delay_answer\n  ms: .nan\n",
            "2:7: ms is a number from 0 to 2147483647, not nan",
        ),
        ("- action: throttle\n  ms: 0.5\n", "2:7: ms is a whole number, not 0.5"),
        (
            "- action: fail_after_append\n  error: NO_LEADER\n",
            "2:10: unknown error 'NO_LEADER': a name as NOT_LEADER_OR_FOLLOWER, or its code",
        ),
        (
            "- action: drop_answer\n- action: drop_answer\n  ms: 3\n",
            f"3:3: unknown condition 'ms': {CONDITIONS}",
        ),
        (
            "- action: drop_answer\n  version: 9-3\n",
            "2:12: version '9-3' is a range that ends before it begins",
        ),
        (
            "- &a {action: drop_answer, topic: b}\n- <<: *a\n  topic: 2\n",
            "3:10: topic is a text, not 2",
        ),
        ("- {action: drop_answer, täpic: a}", f"1:25: unknown condition 'täpic': {CONDITIONS}"),
        ("- {topic: ä, action: x}", f"1:22: unknown action 'x': {ACTIONS}"),
    ],
)
def test_a_word_that_is_wrong(read: Read, text: str, said: str) -> None:
    assert mistake(read, text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", f"1:1: no list of faults is here: {AT_THE_TOP}"),
        ("# nothing\n", f"1:1: no list of faults is here: {AT_THE_TOP}"),
        ("faults:\n", f"1:8: no list of faults is here: {AT_THE_TOP}"),
        ("faults: {}\n", f"1:9: no list of faults is here: {AT_THE_TOP}"),
        ("{}", f"1:1: no faults are here: {AT_THE_TOP}"),
        ("faults: []\nmore: []\n", f"2:1: unknown key 'more': {AT_THE_TOP}"),
        ("faults: []\nfaults: []\n", "2:1: 'faults' stands here twice"),
        ("drop_answer", f"1:1: no list of faults is here: {AT_THE_TOP}"),
        ("- drop_answer", "1:3: a fault is a mapping such as 'action: drop_answer'"),
        ("- [a]", "1:3: a fault is a mapping such as 'action: drop_answer'"),
        ("- action: drop_answer\n  topic: a\n  topic: b\n", "3:3: 'topic' stands here twice"),
        ("- 1: 2", "1:3: a key is a word such as 'action', not 1"),
        ("- ? [a]\n  : 1", "1:5: a key is a word, not a list or a mapping"),
        (
            "- action: drop_answer\n  topic: {name: a}\n",
            "2:10: a word, a number, or a range such as 3-9 is wanted here",
        ),
        (
            "- action: drop_answer\n  version: [3, [9]]\n",
            "2:16: a word, a number, or a range such as 3-9 is wanted here",
        ),
    ],
)
def test_a_shape_that_is_wrong(read: Read, text: str, said: str) -> None:
    assert mistake(read, text) == said


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("- action: [drop_answer\n", "2:1: while parsing a flow sequence, expected ',' or ']'"),
        ("- action: drop_answer\n topic: x\n", "2:2: while parsing a block collection, expected"),
        (b"\t- action: x\n", "1:1: while scanning for the next token, found character '\\t'"),
        ("- action: 'x\n", "2:1: while scanning a quoted scalar, found unexpected end of stream"),
        ("- *nowhere\n", "1:3: found undefined alias 'nowhere'"),
        ("- action: a: b\n", "1:12: mapping values are not allowed here"),
        ("[]\n---\n[]\n", "2:1: expected a single document in the stream, but found another"),
        ("- action: x\n  <<: 5\n", "2:7: while constructing a mapping, expected a mapping or list"),
        (
            "- action: !!python/object/apply:os.system [echo]\n",
            "1:11: a word, a number, or a range such as 3-9 is wanted here",
        ),
        (
            "- action: !!python/name:os.system ''\n",
            "1:11: a value of the kind 'tag:yaml.org,2002:python/name:os.system' means nothing",
        ),
        ("- {action: x, seed: 2024-13-45}", "1:21: '2024-13-45' cannot be read: month"),
        ("- {action: x, seed: " + 5000 * "9" + "}", "1:21: '9999"),
        (b"- action: drop\n  topic: \xff\n", "2:10: this is no YAML (invalid start byte)"),
        (b"- action: \xc3\xa4\x00\n", "1:12: this is no YAML (special characters"),
        ("[" * 5000, "1:1: lists in lists too deep to be read"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_what_is_no_yaml(read: Read, text: str | bytes, begins: str) -> None:
    assert mistake(read, text).startswith(begins)


def test_many_aliases_of_aliases_take_no_time(read: Read) -> None:
    lists = "".join(f"  - &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(30))
    text = f"- action: drop_answer\n  topic:\n  - &a0 x\n{lists}"
    assert mistake(read, text).startswith("4:5: a word, a number, or a range such as 3-9")


@pytest.mark.parametrize("name", ["nowhere.yaml", "."])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    path = str(tmp_path / name)
    with pytest.raises(FaultFileError, match=r"cannot read .*: name a file of faults"):
        read_fault_file(path)


@settings(max_examples=300, deadline=None)
@given(
    text=st.one_of(
        st.binary(max_size=60),
        st.text(max_size=60).map(str.encode),
        st.text("-[]{}:,&*!|>'\"%@ \n\ta1<", max_size=60).map(str.encode),
    )
)
def test_anything_is_read_or_told(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text)
    said = ""
    try:
        read_fault_file(str(path))
    except FaultFileError as error:
        said = str(error)
    assert "\n" not in said


# -- the command ---------------------------------------------------------------------------------------


def test_the_faults_act(serve: Callable[..., Serving], tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text("- action: drop_answer\n  api: Produce\n  times: 1\n")
    broker = serve("--faults", str(path))
    with broker.client() as client:
        topic = new_topic(client)
        with pytest.raises(ConnectionClosed):
            produce(client, topic, GOOD)
    with broker.client() as client:
        assert produce(client, topic, GOOD).base_offset == 2


def test_a_mistake_ends_the_command(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text("faults:\n- action: drop_answer\n  tpoic: orders\n")
    said = refusal("serve", "--port", "0", "--faults", str(path))
    assert said == f"{path}:3:3: unknown condition 'tpoic': {CONDITIONS}"
    nowhere = tmp_path / "nowhere"
    assert refusal("serve", "--faults", str(nowhere)) == (
        f"cannot read {nowhere} (No such file or directory): name a file of faults"
    )


# -- what is written about it --------------------------------------------------------------------------


def plain(docstring: str) -> str:
    """A docstring as a page has it."""
    names = {action.__name__: name for name, action in actions.ACTIONS.items()}
    text = re.sub(r":class:`(\w+)`", lambda found: f"``{names[found[1]]}``", docstring)
    return " ".join(text.split()).replace("``", "`")


def action_rows() -> list[str]:
    """The table of actions, as it follows from their docstrings."""
    rows: list[str] = []
    for name, action in actions.ACTIONS.items():
        own = ", ".join(f"`{each.name}`" for each in fields(action)) or "-"
        rows.append(f"| `{name}` | {own} | {plain(action.__doc__ or '')} |")
    return rows


def condition_rows() -> list[str]:
    """The table of conditions, as it follows from their docstring."""
    # From Python 3.13 on docstrings come without their indentation.
    told = inspect.cleandoc(Conditions.__doc__ or "").partition("Attributes:")[2]
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", told, re.MULTILINE)
    assert [name for name, _ in found] == [each.name for each in fields(Conditions)]
    return [f"| `{name}` | {plain(text)} |" for name, text in found]


def test_the_page_says_what_the_docstrings_say() -> None:
    page = (Path(__file__).parents[2] / "docs" / "faults.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert rows == [*action_rows(), *condition_rows()]


def test_the_file_on_the_page_can_be_read(read: Read) -> None:
    page = (Path(__file__).parents[2] / "docs" / "faults.md").read_text()
    (text,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert [words["action"] for words in read(text)] == ["drop_answer", "fail_before_append"]
    said = mistake(read, text.replace("topic", "tpoic"))
    assert f"kafkashim: faults.yaml:{said}" in page
