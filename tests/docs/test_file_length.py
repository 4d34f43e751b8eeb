"""No file outgrows its reader, and nothing enters the repository that does not belong there."""

import pytest

from scripts.devtools import files


def test_the_repository_holds_only_small_files_and_neither_data_nor_secrets():
    assert files.problems(files.repository_files()) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("long.py", b"pass\n" * 401, "401 lines"),
        ("notes.txt", b"x" * (1024 * 1024 + 1), "at most 1024 KiB"),
        ("candles.parquet", b"", "data files"),
        (".env", b"", "secrets"),
        (".env.local", b"", "secrets"),
        ("server.pem", b"", "secrets"),
        ("notes.md", b"-----BEGIN RSA " + b"PRIVATE KEY-----\n", "private key"),
    ],
)
def test_what_does_not_belong_is_named_with_its_reason(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    (sentence,) = files.problems([path])
    assert name in sentence
    assert said in sentence


@pytest.mark.parametrize("name", [".env.example", "keyboard.py", "environment.md"])
def test_files_that_only_resemble_forbidden_ones_are_allowed(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"pass\n" * 400)
    assert files.problems([path]) == []


def test_a_module_is_called_long_before_it_is_refused(tmp_path):
    for lines in (250, 251, 400, 401):
        (tmp_path / f"m{lines}.py").write_bytes(b"pass\n" * lines)
    named = files.long_modules(sorted(tmp_path.glob("*.py")))
    assert [sentence.split(":")[0] for sentence in named] == ["m251.py", "m400.py"]
