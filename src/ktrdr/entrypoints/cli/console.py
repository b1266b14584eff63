"""The console script: from its first line on, whatever stops it ends it in one way."""

from __future__ import annotations

import _thread
import signal
import sys
import time
from contextlib import suppress

from ktrdr.entrypoints.cli.exit_codes import EXIT_CODES

_MOMENT = 0.01  # seconds
_POLITE = ("SIGTERM", "SIGHUP")
_AS_JSON = '{"error": {"family": "interrupted", "message": "stopped by the user"}}\n'


def run() -> None:
    """Run the command line; SIGTERM and SIGHUP count like Ctrl-C, also while it is being imported."""
    _listen()
    try:
        code = _run()
    except KeyboardInterrupt:
        code = _stopped()
    for number in (signal.SIGINT, *_numbers()):  # what is left is to end
        signal.signal(number, signal.SIG_IGN)
    sys.exit(code)


def _run() -> int:
    import warnings

    from ktrdr.entrypoints.cli.errors import run_guarded
    from ktrdr.entrypoints.cli.main import app

    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # of libraries, for programmers; what users should know is said as a note
    return run_guarded(lambda: app(standalone_mode=False), sys.argv[1:])


def _listen() -> None:
    """Take each signal for Ctrl-C, unless whoever started the program wants it ignored, as ``nohup`` does."""
    for number in _numbers():
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)
    if hasattr(signal, "pthread_kill"):
        sys.unraisablehook = _not_lost


def _numbers() -> list[signal.Signals]:
    return [getattr(signal, name) for name in _POLITE if hasattr(signal, name)]


def _interrupt(came: int, _frame: object) -> None:
    """Stop; a session that ends sends another signal too, which shall not disturb what this one began."""
    for number in _numbers():
        if number != came:
            signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt(came)


def _not_lost(ignored: sys.UnraisableHookArgs) -> None:
    """Send a signal again that came while Python was in code that cannot raise, as when it forgets a module's lock."""
    if not isinstance(ignored.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(ignored)
        return
    came = (*ignored.exc_value.args, signal.SIGINT)[0]
    _thread.start_new_thread(_send_again, (came, _thread.get_ident()))


def _send_again(came: int, thread: int) -> None:
    time.sleep(_MOMENT)
    signal.pthread_kill(thread, came)


def _stopped() -> int:
    """Say it without the modules that are perhaps only half imported."""
    as_json = "--json" in sys.argv
    stream = sys.stdout if as_json else sys.stderr
    with suppress(OSError):  # of a terminal that is gone
        if stream is not None:
            stream.write(_AS_JSON if as_json else "error: stopped by the user\n")
            stream.flush()
    return EXIT_CODES["interrupted"]
