"""Every lesson prints what its page shows.

python -m compat_tests.test_lessons     # writes the outputs into the pages anew
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from compat_tests.conftest import need

ROOT = Path(__file__).parent.parent
LESSONS = sorted((ROOT / "examples" / "lessons").glob("[0-9][0-9]_*.py"))
PAGES = ROOT / "docs" / "lessons"
IDS = [lesson.stem for lesson in LESSONS]
NEEDS_CONFLUENT_KAFKA = "17_the_same_in_librdkafka"

OUTPUT = re.compile(r"(?<=^```text\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
WIDEST = 100


def page_of(lesson: Path) -> Path:
    return PAGES / f"{lesson.stem}.md"


def run(lesson: Path) -> str:
    """What a lesson prints; an unclosed socket, or anything else that goes wrong, is an error."""
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", str(lesson)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    # The broker's own log may be there; what Python says of an unclosed socket must not.
    assert "Warning" not in done.stderr, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def section(page: str, title: str) -> str:
    """The text under a heading, without line breaks."""
    found = re.search(rf"^## {title}\n(.*?)(?=^#|\n\n(?:Before|Next): )", page, re.M | re.S)
    assert found is not None, f"no section {title!r}"
    return " ".join(found[1].split())


def test_there_are_lessons_and_pages_for_them() -> None:
    assert [stem[:2] for stem in IDS] == [f"{number:02}" for number in range(1, 18)]
    assert {page.stem for page in PAGES.glob("*.md")} == {*IDS, "index"}


@pytest.mark.parametrize("lesson", LESSONS, ids=IDS)
def test_lesson(lesson: Path) -> None:
    if lesson.stem == NEEDS_CONFLUENT_KAFKA:
        need("confluent_kafka")
    (shown,) = OUTPUT.findall(page_of(lesson).read_text(encoding="utf-8"))
    printed = run(lesson)
    assert printed == shown
    assert max(map(len, printed.splitlines())) <= WIDEST


@pytest.mark.parametrize("lesson", LESSONS, ids=IDS)
def test_page(lesson: Path) -> None:
    page = page_of(lesson).read_text(encoding="utf-8")
    (shown,) = OUTPUT.findall(page)
    printed_last = " ".join(shown.rpartition("\n\n")[2].split())
    question = section(page, "The question")
    assert printed_last.casefold() == f"Question: {question}".casefold()
    assert question.endswith("?")
    assert section(page, "The answer")

    index = (PAGES / "index.md").read_text(encoding="utf-8")
    title = page.splitlines()[0].removeprefix("# ")
    assert f"| {title[:2]} | [{title[3:]}]({lesson.stem}.md) | " in index


@pytest.mark.parametrize("lesson", LESSONS, ids=IDS)
def test_lesson_needs_nothing_that_is_not_public(lesson: Path) -> None:
    """Python's own modules, the codecs, and of the broker what tests of others may use as well."""
    public = {"kafkashim.testing", "kafkashim.journal", "wire", "confluent_kafka"}
    source = lesson.read_text(encoding="utf-8")
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    names = {name for name in names if name.partition(".")[0] not in sys.stdlib_module_names}
    assert not {name for name in names if not name.startswith("kafka_codecs.")} - public
    assert not re.search(r"\w\._[a-z]", source)
    if lesson == LESSONS[0]:
        assert names == {"kafkashim.testing"}


def test_without_confluent_kafka_the_last_lesson_says_so() -> None:
    script = (
        "import runpy, sys; sys.modules['confluent_kafka'] = None;"
        "runpy.run_path(sys.argv[1], run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(LESSONS[-1])], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("This lesson needs the package confluent_kafka")


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def record() -> None:
    """Write what the lessons print into their pages."""
    for lesson in LESSONS:
        page = page_of(lesson)
        printed = run(lesson)
        text = page.read_text(encoding="utf-8")
        recorded = OUTPUT.sub(lambda _, printed=printed: printed, text)
        if recorded != text:
            page.write_text(recorded, encoding="utf-8")
            print(f"{page.relative_to(ROOT)} is written anew")


if __name__ == "__main__":
    record()
