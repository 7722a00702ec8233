"""Plain files only: a link leads out of the folder, and a pipe hangs whoever opens it."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from witnessmark import plainfile


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _link(path: Path) -> None:
    path.with_name("elsewhere").write_bytes(b"untouched")
    path.symlink_to(path.with_name("elsewhere"))


def _dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def _folder(path: Path) -> None:
    path.mkdir()


def _socket(path: Path) -> None:
    os.chdir(path.parent)  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)


WRITERS = [plainfile.append, plainfile.place]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_link, "it is a symbolic link"),
        (_dangling, "it is a symbolic link"),
        (_pipe, "it is a pipe, not a plain file"),
        (_folder, "it is a folder, not a plain file"),
        (_socket, "it is a socket, not a plain file"),
    ],
)
def test_nothing_but_a_plain_file_is_written(
    write: Callable[[Path, bytes], None],
    make: Callable[[Path], None],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "out")
    with pytest.raises(OSError, match="it is") as problem:
        write(tmp_path / "out", b"data")
    assert problem.value.strerror == said
    assert not (tmp_path / "nowhere").exists()
    if (elsewhere := tmp_path / "elsewhere").exists():
        assert elsewhere.read_bytes() == b"untouched"


def test_a_pipe_that_somebody_reads_is_no_plain_file_either(tmp_path: Path) -> None:
    _pipe(tmp_path / "out")
    reader = os.open(tmp_path / "out", os.O_RDONLY | os.O_NONBLOCK)
    for write in WRITERS:
        with pytest.raises(OSError, match="a pipe"):
            write(tmp_path / "out", b"data")
    assert os.read(reader, 9) == b""
    os.close(reader)


def test_a_file_is_added_to_or_written_whole(tmp_path: Path) -> None:
    file = tmp_path / "out"
    plainfile.append(file, b"one\n")
    plainfile.append(file, b"two\n")
    assert file.read_bytes() == b"one\ntwo\n"
    plainfile.place(file, b"3\n")
    assert file.read_bytes() == b"3\n"
    assert plainfile.read(file, 1) == b"3"
    assert plainfile.other(file) is None
    (tmp_path / "link").symlink_to(file)
    assert plainfile.read(tmp_path / "link", 9) == b"3\n"  # the user's own link to read from


@pytest.mark.parametrize(("make", "kind"), [(_pipe, "a pipe"), (_folder, "a folder")])
def test_nothing_but_a_plain_file_is_read(
    make: Callable[[Path], None], kind: str, tmp_path: Path
) -> None:
    make(tmp_path / "in")
    assert plainfile.other(tmp_path / "in") == kind
    with pytest.raises(OSError, match=kind):
        plainfile.read(tmp_path / "in", 9)
