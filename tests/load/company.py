"""The settings of a company of 500 reps whose caps do not bind."""

from pathlib import Path

TEAMS, REPS = 20, 25
SOURCES = {f"source{number}": f"lb_load-test-token-{number:02d}" for number in range(4)}

HEAD = """
[app]
port = 0
[database]
url = "{url}"
[api]
tokens = {{ {tokens} }}
[calendar]
mode = "always"
[capacity]
unaccepted = 100000
active = 100000
per_day = 100000
[leads]
lapses_allowed = 100000
[simulator]
enabled = true
[log]
level = "error"
"""


def write(folder: Path, url: str) -> Path:
    tokens = ", ".join(f'{name} = "{token}"' for name, token in SOURCES.items())
    parts = [HEAD.format(url=url, tokens=tokens)]
    for team in range(TEAMS):
        parts.append(f'[[teams]]\nid = "t{team}"\nname = "{team}队"\nmanager = "m{team}"\n')
        parts.append(f'[[people]]\nid = "m{team}"\nname = "主管{team}"\nrole = "manager"\nteam = "t{team}"\n')
        parts += [
            f'[[people]]\nid = "r{team}-{rep}"\nname = "销售{team}-{rep}"\nrole = "rep"\nteam = "t{team}"\n'
            for rep in range(REPS)
        ]
    parts.append(
        '[[people]]\nid = "boss"\nname = "总监"\nrole = "director"\n[[people]]\nid = "adm"\nname = "管理员"\nrole = "admin"\n'
    )
    file = folder / "config.toml"
    file.touch(mode=0o600)
    file.write_text("\n".join(parts), encoding="utf-8")
    return file
