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
    ("name", "missed", "others"),
    [
        ("stranger_chat.jsonl", {}, {"note name F1": 0.98, "note company F1": 0.9, "region": 0.99}),
        ("classes_chat.jsonl", {}, {"note name F1": 0.99, "note company F1": 0.99, "region": 0.99}),
        ("unseen_chat.jsonl", {}, {"note name F1": 0.98, "note company F1": 0.95, "visit location": 0.99}),
        ("corners_chat.jsonl", {}, {"note name F1": 0.93, "note company F1": 0.7}),
        ("plain_chat.jsonl", {"activity": 0.89}, {"note name F1": 0.9, "note company F1": 0.82}),
        ("stranger_a.jsonl", {}, {"note name F1": 0.95, "note company F1": 0.93, "region": 0.99}),
        (
            "stranger_b.jsonl",
            {"lead title F1": 0.9},
            {"note name F1": 0.95, "note company F1": 0.94, "region": 0.99},
        ),
        (
            "stranger_c.jsonl",
            {"lead name F1": 0.91},
            {"note name F1": 0.94, "note company F1": 0.77, "region": 0.98},
        ),
        ("stranger_d.jsonl", {}, {"note name F1": 0.95, "note company F1": 0.85, "region": 0.98}),
        ("stranger_e.jsonl", {}, {"note name F1": 0.89, "note company F1": 0.79, "region": 0.99}),
        (
            "blind_chat.jsonl",
            {"amount": 0.91, "lead name F1": 0.92, "lead company F1": 0.85, "lead title F1": 0.8},
            {"note name F1": 0.88, "note company F1": 0.78, "region": 0.99},
        ),
        ("stranger_g.jsonl", {}, {"note name F1": 0.95, "note company F1": 0.94, "visit location": 0.99}),
        ("stranger_f.jsonl", {"kind": 0.93}, {"note name F1": 0.9, "note company F1": 0.85, "region": 0.99}),
    ],
)
def test_what_was_reached_on_messages_met_unprepared_is_kept(
    name: str, missed: dict[str, float], others: dict[str, float]
) -> None:
    """Every target but those `missed`, whose floors these are, and the fields that have no target."""
    scores = chat.scores(chat.labelled(name))
    found = {each.field: each.value for each in scores}
    assert [each.field for each in scores if each.target and not each.good and each.field not in missed] == []
    assert [(field, found[field]) for field, floor in (missed | others).items() if found[field] < floor] == []
