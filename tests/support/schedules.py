"""What a crontab, a unit of systemd and a Dockerfile say is to be called."""

import json
import re
from configparser import ConfigParser

_CRON_LINE = re.compile(r"((?:[\d*/,-]+ ){5}) *(.*)")
_INSTRUCTIONS = {"COPY", "ENTRYPOINT", "FROM", "RUN", "VOLUME", "WORKDIR"}


def read_crontab(code: str) -> list[str]:
    """Return the commands of a crontab as a shell gets them."""
    lines = [line for line in code.splitlines() if not line.startswith("#")]
    found = [_CRON_LINE.fullmatch(line) for line in lines]
    assert all(found), lines
    commands = [match[2] for match in found if match is not None]
    assert not any(re.search(r"(?<!\\)%", command) for command in commands), "cron ends a command at a bare %"
    return [command.replace(r"\%", "%") for command in commands]


def read_unit(code: str) -> ConfigParser:
    """Return the sections of a unit."""
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the names of options have capitals
    parser.read_string(code)
    return parser


def read_dockerfile(code: str) -> dict[str, str]:
    """Return the last of each instruction."""
    lines = [line.split(" ", 1) for line in code.splitlines()]
    assert {name for name, _ in lines} <= _INSTRUCTIONS
    return {line[0]: line[1] for line in lines}


def read_entry_point(code: str) -> list[str]:
    """Return the words of a container's command."""
    words: list[str] = json.loads(read_dockerfile(code)["ENTRYPOINT"])
    return words
