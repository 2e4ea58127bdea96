"""The floors of the reader's evaluation: what was reached once is kept. The tables: `python -m tests.evaluation`."""

import pytest

from tests.evaluation import chat, public


@pytest.mark.parametrize("name", ["examples_chat.jsonl", "more_chat.jsonl", "fresh_chat.jsonl"])
def test_every_target_is_reached_on_the_labelled_messages(name: str) -> None:
    scores = chat.scores(chat.labelled(name))
    assert len(scores) == 18
    assert [f"{each.field} {each.value:.3f}" for each in scores if each.target and not each.good] == []


def test_what_a_message_was_written_about_is_found_in_notes_too() -> None:
    found = {each.field: each.value for each in chat.scores(chat.labelled("fresh_chat.jsonl"))}
    assert found["note name F1"] >= 0.92
    assert found["note company F1"] >= 0.80
    assert found["visit location"] >= 0.90
    assert found["region"] >= 0.95


@pytest.mark.parametrize(
    ("name", "floor", "size"),
    [
        ("microsoft_dates", 0.69, 153),
        ("jionlp_dates", 0.49, 315),
        ("microsoft_money", 0.85, 14),
        ("jionlp_money", 0.75, 32),
    ],
)
def test_the_public_sets_do_not_get_worse(name: str, floor: float, size: int) -> None:
    hits = [right for _, right in getattr(public, name)()]
    assert len(hits) == size
    assert sum(hits) / len(hits) >= floor


@pytest.mark.parametrize(
    ("name", "floors"),
    [
        (
            "stranger_chat.jsonl",
            {
                "kind": 0.97, "amount": 0.95, "phones F1": 0.98, "lead name F1": 0.92, "lead company F1": 0.9, "lead title F1": 0.86,
                "activity": 0.94, "intent macro-F1": 0.75, "note name F1": 0.83, "next_at": 0.86,
            },
        ),
        (
            "classes_chat.jsonl",
            {
                "kind": 0.98, "amount": 0.95, "phones F1": 0.97, "lead name F1": 0.88, "lead company F1": 0.87, "lead title F1": 0.88,
                "activity": 0.91, "intent macro-F1": 0.76, "note name F1": 0.86, "next_at": 0.92,
            },
        ),
    ],
)  # fmt: skip
def test_what_a_strangers_messages_were_read_with_is_kept(name: str, floors: dict[str, float]) -> None:
    found = {each.field: each.value for each in chat.scores(chat.labelled(name))}
    assert [f"{field} {found[field]:.3f}" for field, floor in floors.items() if found[field] < floor] == []
