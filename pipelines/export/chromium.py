"""The machine's own Chromium: found, never downloaded; called without a network or a trace."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VARIABLE = "MENTORLIFT_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
APPLICATIONS = ("Chromium", "Google Chrome", "Microsoft Edge")  # of macOS
PROGRAMS = (  # of Windows
    "Chromium/Application/chrome.exe",
    "Google/Chrome/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
)
SECONDS = 180.0  # for one call; a report with ten studies takes a few
PRINT = "or print report.html from any browser (Print, Save as PDF): the pages are the same"
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--force-device-scale-factor=1",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # no name leads anywhere: offline
)


def find() -> Path:
    """The Chromium to use; raises :class:`UserError` with Exit.BROWSER where there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        if not Path(named).is_file():
            raise _missing(f"{VARIABLE} is set, but there is no file at {named}")
        return Path(named)
    for candidate in _candidates():
        if candidate.is_file():
            return candidate
    raise _missing("neither Chromium, Chrome nor Edge was found; PDF and images are drawn by one")


def call(binary: Path, arguments: Sequence[str], folder: Path) -> bytes:
    """What Chromium writes to standard output; ``folder`` takes its profile and is left behind.

    Raises :class:`UserError` with Exit.BROWSER when it fails or does not end in time.
    """
    process = subprocess.Popen(
        [str(binary), *FLAGS, *_as_root(), f"--user-data-dir={folder / 'profile'}", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(folder),
        start_new_session=True,
    )
    try:
        written, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise _failed(f"did not end within {SECONDS:g} s") from None
    finally:
        _end(process)
    if process.returncode:
        raise _failed(f"ended with code {process.returncode}")
    return written


def _candidates() -> Iterator[Path]:
    """Where a Chromium usually lies."""
    yield from (Path(found) for name in NAMES if (found := shutil.which(name)))
    for name in APPLICATIONS:
        yield Path(f"/Applications/{name}.app/Contents/MacOS/{name}")
    roots = (os.environ.get(v) for v in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"))
    yield from (Path(root) / program for root in roots if root for program in PROGRAMS)


def _as_root() -> tuple[str, ...]:
    """Chromium does not start as root with its sandbox.

    Only then it does without: the one page it opens is the report, whose policy lets nothing load.
    """
    return ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()


def _environment(folder: Path) -> dict[str, str]:
    """Settings, caches and crash reports of Chromium stay in the folder."""
    own = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "BREAKPAD_DUMP_LOCATION")
    return {**os.environ, **dict.fromkeys(own, str(folder))}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing that was started may stay, whatever happened."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _missing(problem: str) -> UserError:
    fix = f"install Chromium, or set {VARIABLE} to its path; {PRINT}"
    return UserError(problem, fix, Exit.BROWSER)


def _failed(what: str) -> UserError:
    fix = f"set {VARIABLE} to another Chromium, or to a script that starts it otherwise; {PRINT}"
    return UserError(f"Chromium {what}", fix, Exit.BROWSER)
