"""A browser that looks at a page."""

import subprocess
from pathlib import Path

OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--virtual-time-budget=5000",
]
DARK = "--blink-settings=preferredColorScheme=0"


def shows_version(command: str) -> bool:
    """Whether it starts: a name on PATH may be a stub that leads nowhere."""
    return subprocess.run([command, "--version"], capture_output=True, check=False).returncode == 0


def load(browser: str, folder: Path, markup: str, *options: str) -> tuple[str, list[str]]:
    """Return a page as the browser has it after loading, and what it complained about."""
    (folder / "page.html").write_text(markup, encoding="utf-8")
    profile = f"--user-data-dir={folder / 'profile'}"
    address = (folder / "page.html").as_uri()
    done = subprocess.run(
        [browser, *OPTIONS, *options, profile, "--dump-dom", address],
        capture_output=True,
        check=True,
        encoding="utf-8",
        timeout=120,
    )
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]
