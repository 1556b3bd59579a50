"""What the messages look like, for people: grammar, fields, the command, and the pages in docs/."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import kafka_codecs
from kafka_codecs.__main__ import main
from kafka_codecs.codegen import decode_source, encode_source
from kafka_codecs.grammar import field_rows, grammar, pages
from kafka_codecs.messages import messages, modules
from kafka_codecs.messages.api_00_produce import ProduceRequest, ProduceResponse
from kafka_codecs.messages.api_03_metadata import MetadataRequest

DOCS = Path(__file__).parents[2] / "docs" / "protocol"

PRODUCE_RESPONSE_10 = """\
Produce Response (Version: 10) => { (responses) throttle_time_ms node_endpoints<tag: 0> }
  responses => { name (partition_responses) }
    name => COMPACT_STRING
    partition_responses => { index error_code base_offset log_append_time_ms log_start_offset \
(record_errors) error_message current_leader<tag: 0> }
      index => INT32
      error_code => INT16
      base_offset => INT64
      log_append_time_ms => INT64
      log_start_offset => INT64
      record_errors => { batch_index batch_index_error_message }
        batch_index => INT32
        batch_index_error_message => COMPACT_NULLABLE_STRING
      error_message => COMPACT_NULLABLE_STRING
      current_leader<tag: 0> => { leader_id leader_epoch }
        leader_id => INT32
        leader_epoch => INT32
  throttle_time_ms => INT32
  node_endpoints<tag: 0> => { node_id host port rack }
    node_id => INT32
    host => COMPACT_STRING
    port => INT32
    rack => COMPACT_NULLABLE_STRING"""


def test_the_grammar_is_that_of_kafkas_guide() -> None:
    """As ``org.apache.kafka.common.protocol.Protocol`` of 4.3.1 prints it."""
    assert grammar(ProduceResponse, 10) == PRODUCE_RESPONSE_10
    assert grammar(MetadataRequest, 4) == (
        "Metadata Request (Version: 4) => { ?[topics] allow_auto_topic_creation }\n"
        "  topics => { name }\n"
        "    name => STRING\n"
        "  allow_auto_topic_creation => BOOLEAN"
    )
    assert grammar(MetadataRequest, 12).startswith("Metadata Request (Version: 12) => { ?(topics) ")


def test_a_version_that_does_not_exist_has_no_grammar() -> None:
    with pytest.raises(ValueError, match="ProduceRequest has versions 3-13, not 2"):
        grammar(ProduceRequest, 2)


def test_field_rows_say_where_a_field_stands() -> None:
    rows = {row.path: row for row in field_rows(ProduceRequest)}
    name, topic_id = rows["topic_data[].name"], rows["topic_data[].topic_id"]
    assert (name.type, name.versions, name.default) == ("STRING", "3-12", "empty")
    assert (topic_id.type, topic_id.versions, topic_id.default) == ("UUID", "13+", "zero")
    assert rows["transactional_id"].nullable == "3+"
    assert "topic_data[].topic_id" not in {row.path for row in field_rows(ProduceRequest, 12)}
    tagged = {row.path: row.versions for row in field_rows(ProduceResponse, 10)}
    assert tagged["node_endpoints[]"] == "10+, tag 0"


def test_list_names_every_api(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(modules())
    assert lines[1].split() == ["0", "Produce", "3-13", "9+"]


def test_show_prints_grammar_and_fields(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "Produce", "10"]) == 0
    out = capsys.readouterr().out
    assert grammar(ProduceRequest, 10) in out
    assert PRODUCE_RESPONSE_10 in out
    assert "  name                " in out
    assert "def decode" not in out


@pytest.mark.parametrize("api_key", list(modules()))
def test_every_version_can_be_shown(api_key: int, capsys: pytest.CaptureFixture[str]) -> None:
    request, response = messages(api_key)
    for version in request.VERSIONS:
        assert main(["show", str(api_key), str(version)]) == 0
        out = capsys.readouterr().out
        assert f"{request.NAME} Request (Version: {version}) => " in out
        assert f"{response.NAME} Response (Version: {version}) => " in out


def test_show_without_a_version_takes_the_newest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "heartbeat"]) == 0
    assert "Heartbeat Request (Version: 4)" in capsys.readouterr().out


def test_show_source_prints_the_code_that_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "Produce", "9", "--source"]) == 0
    out = capsys.readouterr().out
    for message in (ProduceRequest, ProduceResponse):
        assert decode_source(message, 9)[0] in out
        assert encode_source(message, 9)[0] in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "Produc"], "There is no API 'Produc' here; did you mean Produce?"),
        (
            ["show", "xyz"],
            "There is no API 'xyz' here; `python -m kafka_codecs list` names them.",
        ),
        (
            ["show", "4"],
            "There is no API '4' here; `python -m kafka_codecs list` names them.",
        ),
        (["show", "Produce", "2"], "Produce has the versions 3-13, not 2."),
        (["show", "Produce", "new"], "Produce has the versions 3-13, not new."),
        (["docs", "/dev/null/x"], "Cannot write to /dev/null/x: Not a directory."),
    ],
)
def test_what_does_not_exist_ends_with_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    assert capsys.readouterr() == ("", sentence + "\n")


def test_it_runs_as_a_module_and_bears_a_reader_that_leaves() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "kafka_codecs", "show", "Fetch", "--source"],
        cwd=Path(kafka_codecs.__file__).parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith(b"Fetch Request (Version: 18) => ")
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    process.wait(10)


def test_the_pages_in_docs_are_those_of_the_declarations() -> None:
    """To write them anew: ``python -m kafka_codecs docs docs/protocol``."""
    assert {path.name: path.read_text(encoding="utf-8") for path in DOCS.iterdir()} == pages()


def test_docs_writes_the_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["docs", str(tmp_path / "new")]) == 0
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(pages())
    assert capsys.readouterr().out == f"{len(pages())} pages in {tmp_path / 'new'}\n"
