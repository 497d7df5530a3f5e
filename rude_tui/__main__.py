"""Entry point of `rude-tui` and `python -m rude_tui`."""

from __future__ import annotations

import errno
import io
import os
import sys
import time
import traceback

from rude_tui.streams import let_go, prepare


def main() -> None:
    """Run the command line; every error a person sees leaves through here, with its exit code."""
    prepare()
    # A second thread of linear algebra gains little here and, where the cores are busy, costs a great deal.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import click

    from rubrics.errors import Exit, RudeError
    from rude_tui.cli import cli

    try:
        code = cli.main(prog_name="rude-tui", standalone_mode=False)
        sys.stdout.flush()
        _say_plugins()
    except click.exceptions.Abort:
        code = Exit.INTERRUPTED
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED
        _say("interrupted")
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        code = error.exit_code
        _say(said.getvalue().rstrip())
    except RudeError as error:
        code = error.exit_code
        _say("error: " + error.in_shell)
    except OSError as error:
        code = Exit.FAILED
        let_go()
        _say(_of_the_system(error))
    except Exception as error:  # noqa: BLE001 - the one place for what nobody expected
        code = Exit.FAILED
        let_go()
        _say(_unexpected(error))
    if notify := sys.modules.get("rude_tui.notify"):
        notify.tell(int(code or 0))
    sys.exit(int(code or 0))


def _say_plugins() -> None:
    """Tell of plugins that were passed over, where any were looked at."""
    if plugins := sys.modules.get("rubrics.plugins"):
        for fault in plugins.faults():
            _say(f"note: {fault}")


def _say(text: str) -> None:
    from screens.shell.plain import plain

    if (output := sys.modules.get("rude_tui.output")) and output.says_json():
        output.say_event("said", text=text)
    else:
        print(plain(text), file=sys.stderr)  # noqa: T201


def _of_the_system(error: OSError) -> str:
    why = error.strerror or str(error) or type(error).__name__
    if error.filename is not None:
        where = os.fsdecode(error.filename) if isinstance(error.filename, bytes) else error.filename
        return f"error: {where}: cannot be used ({why})\n  → check the name, rights and free space"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
        return f"error: cannot write: {why}\n  → free some space and try again"
    if error.errno == errno.EBADF:
        return "error: cannot write: standard output is closed\n  → send it to a file, or to /dev/null"
    return _unexpected(error)


def _unexpected(error: Exception) -> str:
    from engine.jobs.child import in_words, is_out_of_memory
    from engine.machine.paths import log_dir

    if is_out_of_memory(error):
        return f"error: {in_words(error)}\n  → close other programs, or ask for less at once"
    log = log_dir() / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns()}-error.log"
    try:
        log.write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="backslashreplace")
    except OSError:
        return f"error: {in_words(error)}\n  → a mistake of this program; it could not be written down"
    return f"error: {in_words(error)}\n  → a mistake of this program; what led to it stands in {log}"


if __name__ == "__main__":
    main()
