"""Where a definition comes from, and what its two own keys may look like."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from senza.definition import load, load_parameter_file
from senza.definition.loading import MAX_BYTES, drained, read_text
from senza.errors import DefinitionError, UsageError
from tests.definition.conftest import Fails, Loads

SMALLEST = "The smallest one is:\nSenzaInfo:\n  StackName: my-app"
COMPONENT = "Write:\nSenzaComponents:\n  - AppServer:\n      Type: Senza::TaupageAutoScalingGroup"
PARAMETER = "Write:\nParameters:\n  - ImageVersion:\n      Description: Docker image version"


def test_a_path_a_file_url_and_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "a b.yaml"
    file.write_bytes(b"\xef\xbb\xbfSenzaInfo: {StackName: caf\xc3\xa9}\n")
    assert load(str(file)).tree == {"SenzaInfo": {"StackName": "café"}}
    assert load(file.as_uri()).tree == load(str(file)).tree


def test_senza_components_may_be_missing_empty_or_first(loaded: Loads) -> None:
    assert loaded("SenzaInfo: {StackName: a}\n").parameters == ()
    assert loaded("SenzaComponents:\nSenzaInfo: {StackName: a}\n").tree["SenzaComponents"] is None
    first = loaded("SenzaComponents: [{A: {Type: 'Senza::Configuration'}}]\nSenzaInfo: {StackName: a, Other: [1]}\n")
    assert first.tree["SenzaInfo"]["Other"] == [1]


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("nowhere.yaml", "there is no definition nowhere.yaml\nGive the path of a YAML file."),
        (".", ". is a directory, not a definition\nGive a file in it."),
        (
            "http://example.org/d.yaml",
            "http://example.org/d.yaml: a definition is not read over http, where anybody on the way can change it\n"
            "Use https://example.org/d.yaml, or download it and give the file.",
        ),
        (
            "s3://bucket/d.yaml",
            "s3://bucket/d.yaml: a definition cannot be read from s3://\nGive a path, or a file:// or https:// URL.",
        ),
        ("a\0b", "'a\\x00b' cannot be the name of a definition"),
    ],
)
def test_locations_that_cannot_be_read(location: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(location)
    assert str(caught.value) == message


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "d.yaml"
    file.write_bytes(b"SenzaInfo:\n  StackName: caf\xe9\n")
    with pytest.raises(DefinitionError) as caught:
        load(str(file))
    assert str(caught.value) == f"{file}:2: this definition is not UTF-8 text (byte 0xe9)\nSave it as UTF-8."


def test_a_file_that_is_far_too_large(tmp_path: Path) -> None:
    file = tmp_path / "d.yaml"
    file.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(DefinitionError) as caught:
        load(str(file))
    assert str(caught.value) == f"{file}: this definition has more than 2,000,000 bytes\nIs it the right file?"


@pytest.fixture
def plain_server() -> Iterator[int]:
    """The port of a server on this machine that speaks http and no TLS."""
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_url_that_cannot_be_fetched(plain_server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(UsageError) as caught:
        read_text(f"https://127.0.0.1:{plain_server}/d.yaml")
    assert str(caught.value).startswith(f"the definition https://127.0.0.1:{plain_server}/d.yaml cannot be fetched: ")
    assert str(caught.value).endswith("\nCheck the URL and the network.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"d.yaml: this file is empty\n{SMALLEST}"),
        ("# nothing\n", f"d.yaml: this file is empty\n{SMALLEST}"),
        ("- a\n", f"d.yaml:1: a definition is a YAML mapping, this is not\n{SMALLEST}"),
        ("Resources: {}\n", f"d.yaml:1: SenzaInfo is missing\n{SMALLEST}"),
        (
            "Resources: {}\nSenzainfo: {StackName: a}\n",
            "d.yaml:2: Senzainfo: SenzaInfo is missing\nIs Senzainfo meant to be SenzaInfo?",
        ),
        ("SenzaInfo: app\n", f"d.yaml:1: SenzaInfo: SenzaInfo must be a mapping\n{SMALLEST}"),
        (
            "SenzaInfo:\n  Stackname: a\n",
            "d.yaml:2: SenzaInfo.Stackname: SenzaInfo.StackName is missing\nIs Stackname meant to be StackName?",
        ),
        (
            "SenzaInfo:\n  StackName: 5\n",
            "d.yaml:2: SenzaInfo.StackName: SenzaInfo.StackName must be a text\nWrite e.g. StackName: my-app",
        ),
    ],
)
def test_what_is_no_definition(failure: Fails, text: str, message: str) -> None:
    assert failure(text) == message


@pytest.mark.parametrize(
    ("components", "message"),
    [
        ("{A: {Type: T}}", "d.yaml:2: SenzaComponents: SenzaComponents must be a list\n" + COMPONENT),
        (
            "[A]",
            "d.yaml:2: SenzaComponents[0]: each component must be a mapping of its name to its settings\n" + COMPONENT,
        ),
        (
            "\n- A:\n  Type: T",
            "d.yaml:3: SenzaComponents[0]: one component has several names: A, Type\n"
            "Indent what follows A: by two more spaces, so that it belongs to A.",
        ),
        (
            "\n- A: {Type: T}\n  B: {Type: T}",
            "d.yaml:3: SenzaComponents[0]: one component has several names: A, B\n"
            "Start each component with a dash of its own.\n" + COMPONENT,
        ),
        ("\n- A:", "d.yaml:3: SenzaComponents[0].A: the component A has no Type\n" + COMPONENT),
        (
            "\n- A:\n    type: T",
            "d.yaml:3: SenzaComponents[0].A: the component A has no Type\nIs type meant to be Type?",
        ),
        (
            "\n- A: {Type: 5}",
            "d.yaml:3: SenzaComponents[0].A: the component A has a Type that is no text\n" + COMPONENT,
        ),
    ],
)
def test_components_of_the_wrong_shape(failure: Fails, components: str, message: str) -> None:
    assert failure(f"SenzaInfo: {{StackName: a}}\nSenzaComponents: {components}\n") == message


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("{A: {}}", "d.yaml:3: SenzaInfo.Parameters: Parameters must be a list\n" + PARAMETER),
        (
            "[A]",
            "d.yaml:3: SenzaInfo.Parameters[0]: each parameter must be a mapping of its name to its settings\n"
            + PARAMETER,
        ),
        ("[{A: 5}]", "d.yaml:3: SenzaInfo.Parameters[0].A: the parameter A must be a mapping\n" + PARAMETER),
        (
            "[{A: }, {A: {}}]",
            "d.yaml:3: SenzaInfo.Parameters[1].A: the parameter A is there twice\nRemove one of them.",
        ),
        (
            "[{region: }]",
            "d.yaml:3: SenzaInfo.Parameters[0].region: a parameter cannot be called region: {{Arguments.region}} has a "
            "meaning already\nGive it another name.",
        ),
    ],
)
def test_parameters_of_the_wrong_shape(failure: Fails, parameters: str, message: str) -> None:
    assert failure(f"SenzaInfo:\n  StackName: a\n  Parameters: {parameters}\n") == message


def test_a_parameter_file_keeps_scalars_as_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("A: 1.10\nB: 007\nC: yes\nD: 'it''s'\nE:\nF: [1, b]\nG: 2012-10-17\n8080: x\n")
    assert load_parameter_file(str(file)) == {
        "A": "1.10", "B": "007", "C": "yes", "D": "it's", "E": "", "F": "1,b", "G": "2012-10-17", "8080": "x",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", ": a parameter file is a mapping of names to values"),
        ("", ": a parameter file is a mapping of names to values"),
        ("A: 1\nB: {C: 1}\n", ":2: B: the value of parameter B is not a text, number or list of them"),
        ("A: [[1]]\n", ":1: A: the value of parameter A is not a text, number or list of them"),
    ],
)
def test_parameter_files_of_the_wrong_shape(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(text)
    with pytest.raises(DefinitionError) as caught:
        load_parameter_file(str(file))
    assert str(caught.value) == f"{file}{message}\nWrite one line per parameter:\nImageVersion: 1.10"


def test_a_missing_parameter_file_is_called_what_it_is() -> None:
    with pytest.raises(UsageError) as caught:
        load_parameter_file("nowhere.yaml")
    assert str(caught.value) == "there is no parameter file nowhere.yaml\nGive the path of a YAML file."


class Drip:
    """A server that sends a byte whenever it is asked; the time is that of the test."""

    def __init__(self, size: int, seconds: float) -> None:
        self.left, self.seconds, self.time = size, seconds, 0.0

    def read1(self, size: int) -> bytes:
        self.time += self.seconds
        sent = min(self.left, size if not self.seconds else 1)
        self.left -= sent
        return b"x" * sent

    def now(self) -> float:
        return self.time


def test_a_slow_server_is_not_waited_for_all_day_and_a_large_answer_not_read_to_its_end() -> None:
    slow = Drip(10**9, 5)
    with pytest.raises(TimeoutError, match="longer than 60 seconds"):
        drained(slow, slow.now)
    assert slow.time < 70
    large = Drip(10**9, 0)
    assert MAX_BYTES < len(drained(large, large.now)) <= MAX_BYTES + (1 << 16)
    small = Drip(10, 1)
    assert drained(small, small.now) == b"x" * 10
