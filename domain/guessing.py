"""Fields that a language model filled in: shown as unsure, and no lead goes out with one of them before a
person has said that it is right."""

from collections.abc import Iterable

from domain.lead import Customer

GUESSED = "guessed"
"""Where a customer's `extra` names them."""


def guessed(customer: Customer) -> list[str]:
    """The fields that a model filled in and nobody has confirmed."""
    names = customer.extra.get(GUESSED, "")
    return names.split(",") if names else []


def sure_of(customer: Customer, names: Iterable[str]) -> Customer:
    """The same customer, with nothing guessed about these fields any more."""
    left = [name for name in guessed(customer) if name not in set(names)]
    if len(left) == len(guessed(customer)):
        return customer
    extra = {name: text for name, text in customer.extra.items() if name != GUESSED}
    return customer.with_values(extra={**extra, GUESSED: ",".join(left)} if left else extra)
