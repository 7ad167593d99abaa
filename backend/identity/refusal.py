"""A verb that says no, in words for the person who asked."""


class Refused(PermissionError):
    """The actor may not do this to this thing; nothing has been changed. The text says why and what to do."""


class Unfit(ValueError):
    """What was given does not fit; nothing has been changed. `field` names the form field, "" for the whole form."""

    def __init__(self, words: str, field: str = "") -> None:
        super().__init__(words)
        self.field = field
