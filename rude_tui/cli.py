"""The command line: names and one-line helps. Each command's module is imported only when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Final

import click
from click.shell_completion import CompletionItem

from rubrics.errors import RudeError
from rude_tui.variables import give_variables

__all__ = ["cli"]

_COMMANDS: Final = {
    "demo": "Run the bundled candidates on the bundled suite, then open the app.",
    "models": "Look at base models: size, dtype, context, what fits, problems.",
    "run": "Score candidates on suites. Running it again resumes.",
    "layout": "Show every request exactly as it will be scored.",
    "rank": "Rank candidates, with intervals and chance level.",
    "decide": "Say whom to take, how sure that is, and what would settle it.",
    "wordings": "Say whether a ranking is that of the wording.",
    "fidelity": "Score the same sample at two precisions, and compare.",
    "failures": "List the pairs a candidate gets wrong.",
    "pairs": "Put pairs on trial: difficulty, suspects, short suites, exclusions.",
    "compare": "Set two candidates against each other, pair by pair.",
    "correlate": "Correlate a predictor with post-training outcomes.",
    "upsets": "List smaller candidates ahead of larger ones, and whether that came true.",
    "families": "Say which candidates are kin: proposed from their files, confirmed or changed by you.",
    "scaling": "Carry on training runs and tuning; judge small proxies of large runs.",
    "predictors": "List, measure or add what claims to foretell post-training.",
    "traces": "Have a strong model write expert traces, for rBridge and proxy metrics.",
    "posttrain": "Post-train candidates all the same way, and store what became of them.",
    "forget": "Forget a model, a run or a suite; bring it back within seven days.",
    "outcomes": "Add or list post-training outcomes.",
    "suite": "List, show, check, generate, import or export suites of pairs.",
    "construct": "Build pairs from prompts with a generator and a verifier.",
    "trial": "Try a verifier on pairs whose truth is proven.",
    "review": "Read a sample of constructed responses blind, and decide about examples.",
    "export": "Write rankings, verdicts and more: CSV, Parquet, JSON, Markdown, LaTeX.",
    "report": "Write one self-contained page: rankings, failed pairs, methods, provenance.",
    "plot": "Draw a figure for a paper: SVG, PDF or PNG.",
    "serve": "Open the app in a browser, on this machine unless told otherwise.",
    "doctor": "Check this machine and say what is missing.",
    "completion": "Print what makes bash, zsh or fish complete commands.",
}


class _Lazy(click.Group):
    """A group that knows its commands by name and loads them when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(importlib.import_module(f"rude_tui.commands.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        give_variables(command, (cmd_name,))
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        # For the same reason: a key is pressed, and somebody waits.
        names = [CompletionItem(name, help=text) for name, text in _COMMANDS.items() if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            # click takes every broken pipe for that of a reader of ours who left, and ends without a word. Such a one
            # is passed over where we write; this is another.
            what = "another process has ended while it was being written to (broken pipe)"
            raise RudeError(what, fix="try again; stored results are not touched") from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # The helps stand here, so that `--help` imports no command.
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


def _profiles(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    from rude_tui.variables import profile_names

    return [name for name in profile_names() if name.startswith(incomplete)]


def _told(ctx: click.Context, profile: str, db: Path | None) -> Path | None:
    """Let the command that is called hear its profile; the database that it is to use.

    Raises:
        BadInput: there is no such profile, or it says what no command can use.
    """
    from rude_tui.variables import profile_file, read_profile, values_for

    said = read_profile(profile, _COMMANDS)
    name = ctx.invoked_subcommand
    if name in said:
        command = cli.get_command(ctx, name)
        assert command is not None
        ctx.default_map = {name: values_for(command, said[name], str(profile_file(profile)), (name,))}
    return db or (Path(os.path.expanduser(said["db"])) if "db" in said else None)


@click.group(
    cls=_Lazy,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="rude-tui", prog_name="rude-tui")
@click.option("--db", type=click.Path(path_type=Path), help="Database file (default: in the user's data folder).")
@click.option(
    "--profile", envvar="RUDE_TUI_PROFILE", metavar="NAME", shell_complete=_profiles,
    help="Options from profiles/NAME.toml beside the settings.",
)  # fmt: skip
@click.pass_context
def cli(ctx: click.Context, db: Path | None, profile: str | None) -> int:
    """Which base model should you post-train?

    Measures whether an untrained model already prefers a response that meets a rubric to one that subtly violates it,
    and ranks candidates with honest intervals. Without a command, opens the app.

    Exit codes: 0 done · 1 failed · 2 wrong usage · 3 bad input, nothing was run · 4 finished, but some items were
    skipped · 130 interrupted, work kept · 128 + n the app was told to end by signal n; a run going on was stopped.

    Every option is also heard from the environment: RUDE_TUI_RUN_PRECISION is the --precision of run, RUDE_TUI_DB the
    database of all commands; several values stand with blanks between them. A profile has the same in a table for each
    command. What is typed comes first, then the environment, then the profile.
    """
    if output := sys.modules.get("rude_tui.output"):
        output.say_json(False)
    ctx.obj = db if profile is None else _told(ctx, profile, db)
    if ctx.invoked_subcommand is None:
        from rude_tui.starting import run_app

        return run_app(db)
    return 0
