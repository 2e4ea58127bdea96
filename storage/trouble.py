"""What stops storage and whoever runs the bot can mend."""


class Trouble(Exception):
    """`code` names what is in the way, `given` what it is about: paths, versions, never a statement, an
    address with its password, or anything of a person. Whoever shows it has the words."""

    def __init__(self, code: str, **given: object) -> None:
        self.code = code
        self.given = given
        super().__init__(" ".join((code, *(f"{name}={value}" for name, value in given.items()))))
