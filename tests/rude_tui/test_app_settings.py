"""Settings stay the person's own file."""

from __future__ import annotations

import pytest

from rubrics.errors import BadInput
from rude_tui.settings import Settings, load_settings, save_setting, settings_file


def _write(text: str) -> None:
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text(text, encoding="utf-8")


def test_no_file_is_all_defaults() -> None:
    assert load_settings() == Settings()


def test_comments_and_strangers_survive() -> None:
    _write('# mine\ntheme = "rude-dark"  # at night\n\n[keys]\nquit = "Q"\n[other]\nx = 1\n')
    save_setting("theme", "rude-light")
    save_setting("folders", ["/models"])
    text = settings_file().read_text()
    assert text.startswith("# mine\n")
    assert '"rude-light"  # at night' in text
    assert "[other]\nx = 1" in text
    assert load_settings() == Settings(theme="rude-light", folders=("/models",), keys={"quit": "Q"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("theme = 3\n", "theme is 3, not a text in quotes"),
        ("folders = 'x'\n", "folders is 'x', not a list"),
        ("folders = [1]\n", "folders, entry 1 is 1, not a text in quotes"),
        ("keys = []\n", "keys is [], not a table of names and keys"),
        ("[keys]\nquit = 3\n", "keys.quit is 3, not a text in quotes"),
        ("not toml at all\n", "cannot be read"),
        ("theme = \n", "cannot be read"),
        (f"theme = {'[' * 2000}", "nested too deeply"),
    ],
)
def test_rubbish_is_one_clear_error(text: str, said: str) -> None:
    _write(text)
    with pytest.raises(BadInput) as caught:
        load_settings()
    assert "settings.toml" in str(caught.value)
    assert said in str(caught.value)


def test_rubbish_is_never_written_over() -> None:
    _write("not toml at all\n")
    with pytest.raises(BadInput):
        save_setting("theme", "rude-dark")
    assert settings_file().read_text() == "not toml at all\n"
    deep = f"x = {'[' * 2000}{']' * 2000}\n"
    _write(deep)
    with pytest.raises(BadInput, match="nested"):
        save_setting("theme", "rude-dark")
    assert settings_file().read_text() == deep
