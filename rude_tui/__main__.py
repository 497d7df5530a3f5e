"""Entry point of `rude-tui` and `python -m rude_tui`."""

from __future__ import annotations

import errno
import os
import sys


def main() -> None:
    """Run the command line; every error a person sees leaves through here, with its exit code."""
    # A second thread of linear algebra gains little here and, where the cores are busy, costs a great deal.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import click

    from rubrics.errors import Exit, RudeError
    from rude_tui.cli import cli

    try:
        code = cli.main(standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Abort:
        code = Exit.INTERRUPTED
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED
        print("interrupted", file=sys.stderr)  # noqa: T201
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except RudeError as error:
        from screens.shell.plain import plain

        print("error: " + plain(error.in_shell), file=sys.stderr)  # noqa: T201
        code = error.exit_code
    except BrokenPipeError:
        # The reader of our output went away, as `head` does; nothing is wrong with us.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = Exit.DONE
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        print(f"error: cannot write: {error.strerror}\n  → free some space and try again", file=sys.stderr)  # noqa: T201
        code = Exit.FAILED
    sys.exit(int(code or 0))


if __name__ == "__main__":
    main()
