"""`leadbell read` and the reader at work beside the event loop."""

import asyncio
import json
from datetime import datetime, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest

from bot import language
from bot.holidays_cn import china_days
from bot.mind import Mind, _beside
from bot.reading import make_context, read_line, read_lines
from domain.reader.book import Entry, Talk
from tests.fakes.company import make_company

NOW = datetime(2026, 3, 11, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
NOTE = "今天下午拜访了博达的张总，对方有意向，预算大概50-80万，下周三下午三点带方案再去，竞品是蓝鲸软件"


def test_a_line_is_read_into_the_fields_that_others_rely_on() -> None:
    found = read_line(NOTE, "auto", make_context(NOW, competitors=["蓝鲸软件"]))
    assert found["kind"] == "note"
    assert (found["name"], found["company"]) == ("张总", "博达")
    assert (found["amount_min"], found["amount_max"]) == (500_000, 800_000)
    assert found["next_at"] == "2026-03-18T15:00:00+08:00"
    assert (found["activity"], found["intent"], found["competitor"]) == ("visit", "positive", "蓝鲸软件")
    assert json.loads(json.dumps(found)) == found


def test_a_line_of_json_brings_its_own_time() -> None:
    line = json.dumps({"text": "张总约我明天上午十点过去", "ref": "2026-05-04T02:00:00+00:00"})
    assert read_line(line, "auto", make_context(NOW))["next_at"] == "2026-05-05T10:00:00+08:00"


def test_the_time_of_a_line_is_given_back_as_it_came() -> None:
    line = json.dumps({"text": "张总约我明天上午十点过去", "ref": "2026-05-04T10:00"})
    assert read_line(line, "auto", make_context(NOW))["ref"] == "2026-05-04T10:00"
    assert read_line("张总约我明天过去", "auto", make_context(NOW))["ref"] is None


@pytest.mark.parametrize(
    "line",
    ['{"text": 5}', '{"no": 1}', "{broken", '{"text": "x", "ref": "never"}', '{"text": "x", "ref": 5}', '{"a":' * 90_000,
     '{"text": "x", "ref": "0001-01-01T00:00:00+23:59"}'],
)  # fmt: skip
def test_broken_json_is_an_error_that_names_its_line_and_the_next_line_is_read(line: str) -> None:
    first, second, third = read_lines(["张总说可以\n", line, "李工没接电话"], "auto", make_context(NOW))
    assert (first["name"], third["name"]) == ("张总", "李工")
    assert set(second) == {"error", "line"}
    assert second["line"] == 2


@pytest.mark.parametrize("line", ["", "\n", "  \n", "[1]", "null", '{"text": ""}'])
def test_each_line_has_one_answer_an_empty_one_too(line: str) -> None:
    [found] = read_lines([line], "auto", make_context(NOW))
    assert found["kind"] == "note"


def test_explain_names_the_rule_and_the_place_of_each_value() -> None:
    spans = read_line(NOTE, "auto", make_context(NOW), explain=True)["spans"]
    by_field = {each["field"]: each for each in spans}
    assert by_field["date.next"]["rule"] == "week.day"
    assert by_field["date.next"]["text"] == "下周三下午三点"
    assert all(NOTE[each["start"] : each["end"]] == each["text"] for each in spans)
    assert all(0 < each["confidence"] <= 1 for each in spans)


def test_own_names_are_known_by_their_short_forms() -> None:
    names = [("无锡海岭智能装备有限公司", "company"), ("铃动云", "product")]
    found = read_line("海岭那边想试用铃动云", "auto", make_context(NOW, names))
    assert found["company"] == "海岭"
    assert found["products"] == ["铃动云"]


def mind_over(leads: list[Entry]) -> Mind:
    async def changed(cursor: tuple[int, str]) -> tuple[list[Entry], tuple[int, str]]:
        return leads[cursor[0] :], (len(leads), "")

    return Mind(company_now=make_company, changed=changed)


def test_the_words_that_are_loaded_quickly_are_those_that_jieba_loads() -> None:
    words = import_module("jieba").dt
    with words.get_dict_file() as file:
        assert language.frequencies(file) == words.gen_pfdict(words.get_dict_file())


async def test_the_loop_goes_on_while_the_reader_loads_and_reads() -> None:
    leads = [
        Entry(
            lead=f"L{n}",
            name=f"张{n % 90 + 10}",
            company=f"上海博{chr(0x4E00 + n)}智能科技有限公司",
            owner="lilei",
        )
        for n in range(1500)
    ]
    mind = mind_over(leads)
    turns = 0

    async def watch() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.001)

    watching = asyncio.create_task(watch())
    await mind.load(china_days([2026]))
    loaded, turns = turns, 0
    assert loaded >= 3  # loaded in the loop it would turn once; how often it does depends on the machine
    for text in (NOTE, NOTE * 20, "下周三" * 3000):
        await mind.hear(text, None, Talk(person="lilei", now=NOW))
    assert turns >= 2  # the two long ones are read in a thread
    watching.cancel()


async def test_a_lead_that_arrives_is_known_to_the_next_message() -> None:
    leads: list[Entry] = []
    mind = mind_over(leads)
    await mind.load(china_days([2026]))
    talk = Talk(person="lilei", now=NOW)
    assert (await mind.hear("海岭的周总说可以", None, talk)).match.lead is None
    leads.append(Entry(lead="L7", name="周涛", company="无锡海岭智能装备有限公司", owner="lilei"))
    assert (await mind.hear("海岭的周总说可以", None, talk)).match.lead == "L7"
    leads.append(Entry(lead="L7", name="周涛", company="无锡海岭智能装备有限公司", owner="hanmeimei"))
    found = await mind.hear("周总说可以", None, Talk(person="lilei", now=NOW + timedelta(minutes=1)))
    assert found.match.lead is None


async def test_what_is_done_beside_the_loop_tells_its_result_or_its_error() -> None:
    assert await _beside(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await _beside(lambda: 1 // 0)
