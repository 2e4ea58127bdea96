"""The evaluation on the command line: a table per labelled set; `--mistakes` lists what was read wrong in each."""

import sys
import time
import warnings

from tests.evaluation import chat, matching, public


def _table(title: str, scores: list[chat.Score]) -> None:
    print(f"\n{title}")
    for each in scores:
        sign = "≤" if each.most else "≥"
        goal = f"{sign} {each.target:.2f} {'✔' if each.good else '✘'}" if each.target else ""
        print(f"  {each.field:22} {each.value:7.3f}  of {each.of:4}  {goal}")


def _speed(rows: list[chat.Row]) -> None:
    took = []
    for row in rows * 3:
        begun = time.thread_time()
        chat.read_row(row, _INDEX)
        took.append((time.thread_time() - begun) * 1000)
    took.sort()
    print(
        f"\nspeed: median {took[len(took) // 2]:.2f} ms, p95 {took[int(len(took) * 0.95)]:.2f} ms a message"
    )


_INDEX = chat.known_names()


def _matching() -> None:
    result = matching.run()
    print(f"\nnote → lead, {result.all} notes about a book of 2,000 leads ")
    rows = (("precision", result.precision, 0.99), ("coverage", result.coverage, 0.85))
    for name, value, target in (*rows, ("in the top three", result.top_three, 0.97)):
        print(f"  {name:22} {value:7.3f}  ≥ {target:.2f} {'✔' if value >= target else '✘'}")
    print(f"  {'p95, reading included':22} {result.p95:7.2f} ms ≤ 15 {'✔' if result.p95 <= 15 else '✘'}")


def main() -> None:
    warnings.simplefilter("ignore")
    sets = {
        "examples_chat.jsonl (developed on)": chat.labelled("examples_chat.jsonl"),
        "more_chat.jsonl (developed on)": chat.labelled("more_chat.jsonl"),
        "fresh_chat.jsonl (written before the rules)": chat.labelled("fresh_chat.jsonl"),
        "stranger_chat.jsonl (a stranger's, developed on)": chat.labelled("stranger_chat.jsonl"),
        "classes_chat.jsonl (more of its classes, developed on)": chat.labelled("classes_chat.jsonl"),
        "unseen_chat.jsonl (measured once, then developed on)": chat.labelled("unseen_chat.jsonl"),
        "corners_chat.jsonl (measured once, then developed on)": chat.labelled("corners_chat.jsonl"),
        "plain_chat.jsonl (measured once, then developed on)": chat.labelled("plain_chat.jsonl"),
    } | {
        f"stranger_{each}.jsonl (a stranger's, measured once, then developed on)": chat.labelled(
            f"stranger_{each}.jsonl"
        )
        for each in "abcdef"
    }
    sets |= {
        f"{each}.jsonl (measured once, not developed on)": chat.labelled(f"{each}.jsonl")
        for each in ("blind_chat", "stranger_g")
    }
    for title, rows in sets.items():
        _table(title, chat.scores(rows))
    print("\npublic sets (the start of the first time or amount)")
    for name in ("microsoft_dates", "jionlp_dates", "microsoft_money", "jionlp_money"):
        hits = [right for _, right in getattr(public, name)()]
        print(f"  {name:22} {sum(hits) / len(hits):7.3f}  of {len(hits):4}")
    _matching()
    _speed([row for rows in sets.values() for row in rows])
    if "--mistakes" in sys.argv:
        for title, rows in sets.items():
            print("\n".join((f"\n{title}", *chat.mistakes(rows))))


if __name__ == "__main__":
    main()
