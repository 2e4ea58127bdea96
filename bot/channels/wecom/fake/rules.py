"""Whether the platform would take a message: https://developer.work.weixin.qq.com/document/path/90236.

Returns an errcode, 0 = fine. Advised lengths are advice and are not refused; list sizes, bytes and uniqueness
are.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Json = dict[str, Any]
_TASK = re.compile(r"[0-9A-Za-z_\-@]{1,128}")
TYPES = frozenset(
    {"text", "markdown", "image", "voice", "video", "file", "textcard", "news", "template_card"}
)
INTERACTIVE = frozenset({"button_interaction", "vote_interaction", "multiple_interaction"})
CARDS = INTERACTIVE | {"text_notice", "news_notice"}
MISSING_TITLE, MALFORMED, BAD_TYPE, TOO_MANY = 41016, 40058, 40008, 45008


def bytes_of(value: object) -> int:
    return len(str(value).encode("utf-8"))


def calls_back(card: Mapping[str, Any]) -> bool:
    """Whether the card has something to press that comes back."""
    return card.get("card_type") in INTERACTIVE or bool(card.get("action_menu"))


def check_card(card: object, *, update: bool) -> int:
    """The errcode for a template card."""
    if not isinstance(card, dict):
        return MALFORMED
    kind = card.get("card_type")
    if kind not in CARDS:
        return MISSING_TITLE if "card_type" not in card else MALFORMED
    title = (card.get("main_title") or {}).get("title")
    if kind == "text_notice" and not (title or card.get("sub_title_text")):
        return MISSING_TITLE
    if kind != "text_notice" and not title:
        return MISSING_TITLE
    checks: Sequence[Callable[[Json, bool], bool]] = (_task, _lists, _action, _buttons, _questions, _menu)
    return 0 if all(check(card, update) for check in checks) else MALFORMED


def _task(card: Json, update: bool) -> bool:
    task = card.get("task_id")
    if update:
        return True
    if task is None:
        return not calls_back(card)
    return isinstance(task, str) and _TASK.fullmatch(task) is not None


def _lists(card: Json, _update: bool) -> bool:
    rows = card.get("horizontal_content_list", [])
    jumps = card.get("jump_list", [])
    if len(rows) > 6 or len(jumps) > 3 or len(card.get("vertical_content_list", [])) > 4:
        return False
    for row in rows:
        need = {1: "url", 2: "media_id", 3: "userid"}.get(row.get("type", 0))
        if not row.get("keyname") or (need and not row.get(need)):
            return False
    return all(jump.get("title") for jump in jumps)


def _action(card: Json, _update: bool) -> bool:
    action = card.get("card_action")
    if card["card_type"] in ("text_notice", "news_notice"):
        if not action or action.get("type") not in (1, 2):
            return False
    elif action is None or card["card_type"] != "button_interaction":
        return action is None
    if action.get("type") == 1:
        url = action.get("url", "")
        return url.startswith(("http://", "https://")) and bytes_of(url) <= 2048
    return action.get("type") in (0, 2)


def _buttons(card: Json, _update: bool) -> bool:
    buttons = card.get("button_list", [])
    if card["card_type"] != "button_interaction":
        return not buttons
    keys = [button.get("key") for button in buttons if button.get("type", 0) == 0]
    return (
        len(buttons) <= 6
        and all(button.get("text") for button in buttons)
        and all(key and bytes_of(key) <= 1024 for key in keys)
        and len(set(keys)) == len(keys)
        and all(button.get("url") for button in buttons if button.get("type") == 1)
    )


def _questions(card: Json, update: bool) -> bool:
    kind = card["card_type"]
    if kind == "button_interaction":
        question = card.get("button_selection")
        return question is None or _question(question, 10)
    if kind == "multiple_interaction":
        questions = card.get("select_list", [])
        keys = [question.get("question_key") for question in questions]
        submit = card.get("submit_button")
        return (
            1 <= len(questions) <= 3
            and len(set(keys)) == len(keys)
            and all(_question(question, 10) for question in questions)
            and (update or bool(submit and submit.get("text") and submit.get("key")))
        )
    return True


def _question(question: Json, most: int) -> bool:
    options = question.get("option_list", [])
    ids = [option.get("id") for option in options]
    return (
        bool(question.get("question_key"))
        and bytes_of(question["question_key"]) <= 1024
        and 1 <= len(options) <= most
        and all(option.get("text") for option in options)
        and all(each and bytes_of(each) <= 128 for each in ids)
        and len(set(ids)) == len(ids)
    )


def _menu(card: Json, _update: bool) -> bool:
    menu = card.get("action_menu")
    if menu is None:
        return True
    actions = menu.get("action_list", [])
    keys = [action.get("key") for action in actions]
    return 1 <= len(actions) <= 3 and all(keys) and len(set(keys)) == len(keys)


def keys_of(card: Mapping[str, Any]) -> set[str]:
    """Every key that a member could press on that card."""
    pressed = {each["key"] for each in card.get("button_list", []) if each.get("type", 0) == 0}
    pressed |= {each["key"] for each in (card.get("action_menu") or {}).get("action_list", [])}
    submit = card.get("submit_button")
    return pressed | ({submit["key"]} if submit else set())


def questions_of(card: Mapping[str, Any]) -> list[Json]:
    """The drop-downs of a card."""
    single = card.get("button_selection")
    return [*([single] if single else []), *card.get("select_list", [])]
