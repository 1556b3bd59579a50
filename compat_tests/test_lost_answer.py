"""The projects of ``examples/lost_answer`` do what its README says, each with its own command.

They run from a copy where clients are built. The tests of the project in Python are also collected like
any other test, wherever no toolchain is asked for.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from compat_tests import toolchains
from compat_tests.clients.driven import builds
from compat_tests.conftest import need

SOURCE = Path(__file__).parent.parent / "examples" / "lost_answer"
NEEDS = {
    "python": (),
    "java": ("java", "javac", "mvn"),
    "go": ("go",),
    "javascript": ("node", "npm"),
}
# What people leave in the source tree when they run a project there.
MADE = shutil.ignore_patterns("target", "node_modules", "__pycache__", ".pytest_cache")
NOT_PASSED_ON = {"FORCE_COLOR", "KAFKASHIM", "PYTEST_ADDOPTS"}
SECONDS = 250
GONE_SECONDS = 5
MISTAKE = ('"tea", "tea", "milk"', '"tea", "milk", "milk"')


def commands() -> dict[str, tuple[str, list[str]]]:
    """Folder -> its command in the README, and the lines it is said to print."""
    blocks = re.findall(
        r"^```console\n\$ (cd (\w+) && [^\n]*)\n(.*?)^```$",
        (SOURCE / "README.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    return {folder: (command, output.splitlines()) for command, folder, output in blocks}


def alike(lines: list[str]) -> list[str]:
    """Lines without what differs from run to run: numbers with their units, and white space."""
    spaced = (" ".join(line.split()) for line in lines)
    return [
        re.sub(r"\d+\.\d+|\d+(?=ms)|=+", "N", line) for line in spaced if line not in ("", "...")
    ]


def copied(folder: str, mistake: bool) -> Path:
    """A folder with a copy of a project; what was built there before stays, as long as its files."""
    digest = hashlib.sha256(repr(MISTAKE if mistake else "").encode())
    source = SOURCE / folder
    ignored = MADE(str(source), os.listdir(source))
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        parts = file.relative_to(source).parts
        if not ignored & set(parts):
            digest.update("/".join(parts).encode() + b"\0" + file.read_bytes())
    out = builds() / "lost_answer" / folder / digest.hexdigest()[:16]
    shutil.copytree(source, out / folder, ignore=MADE, dirs_exist_ok=True)
    if mistake:
        (test,) = (file for file in (out / folder).rglob("*") if _is_mistaken(file))
        text = test.read_text()
        test.write_text(text.replace(*MISTAKE))
    return out


def _is_mistaken(file: Path) -> bool:
    return file.suffix in (".py", ".java", ".go", ".js") and MISTAKE[0] in file.read_text()


def run(folder: str, *, mistake: bool = False) -> tuple[int, list[str]]:
    """Run the command of a project; gives its status and the lines it printed.

    With ``mistake`` its second test expects something else than what happens.
    """
    toolchains.need(*NEEDS[folder])
    need("aiohttp")
    kafkashim = Path(sys.executable).parent / "kafkashim"
    if not kafkashim.exists():
        toolchains.do_without("needs the command kafkashim: pip install -e .")
    path = f"{kafkashim.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {
        **{name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON},
        "PATH": path,
        "NO_COLOR": "1",
    }
    place = builds() / "lost_answer" / folder
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(
            commands()[folder][0],
            shell=True,
            cwd=copied(folder, mistake),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=SECONDS)
            assert is_gone(process.pid), f"something runs on\n{output}"
        finally:
            kill(process)
    return process.returncode, output.splitlines()


def is_gone(group: int) -> bool:
    """Whether no process of a group is left, or soon none is."""
    end = time.monotonic() + GONE_SECONDS
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def kill(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.communicate()


@pytest.mark.toolchain
@pytest.mark.parametrize("folder", NEEDS)
def test_the_project_does_what_its_reader_is_told_to_expect(folder: str) -> None:
    status, lines = run(folder)
    assert status == 0, "\n".join(lines)
    printed = iter(alike(lines))
    missing = [line for line in alike(commands()[folder][1]) if line not in printed]
    assert not missing, "\n".join(lines)


@pytest.mark.toolchain
@pytest.mark.parametrize("folder", NEEDS)
def test_a_test_that_fails_shows_what_the_broker_said(folder: str) -> None:
    """And its broker is gone all the same."""
    status, lines = run(folder, mistake=True)
    output = "\n".join(lines)
    assert status != 0, output
    assert output.count("acted 1 of 1 times") == 1, output


def test_the_readme_has_a_command_for_each_project() -> None:
    assert set(commands()) == set(NEEDS)
