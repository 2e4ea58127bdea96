"""Reading a lead from one typed line: who, which firm, how to reach them, what they wish."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.contact import fold
from domain.errors import BadField
from domain.reader.lead_text import REQUIRED, LeadText, missing, read_answer, read_lead
from domain.reader.money import read_amount
from domain.reader.page import field_named
from domain.reader.places import behind_places, leading_place, region_of


def told(lead: LeadText) -> dict[str, object]:
    """The fields that a text told."""
    values = {name: getattr(lead, name) for name in LeadText.__slots__}
    return {name: value for name, value in values.items() if value not in (None, "", ()) and name != "sure"}


def test_one_free_line_is_a_whole_lead() -> None:
    lead = read_lead(
        "/lead 周敏 常州宏图精密机械有限公司 生产总监 13700001111 制造业 想换掉老的排产表，预算60万"
    )
    assert told(lead) == {
        "name": "周敏",
        "company": "常州宏图精密机械有限公司",
        "title": "生产总监",
        "phone": "+8613700001111",
        "industry": "制造业",
        "region": "常州",
        "need": "想换掉老的排产表，预算60万",
        "amount_min": 600_000,
        "amount_max": 600_000,
    }
    assert lead.sure


@pytest.mark.parametrize(
    "command", ["", "/lead ", "／lead ", "  /线索 ", "/录线索：", "/lead@bot ", "@铃铛 /LEAD\n", "新线索："]
)
def test_the_command_may_still_stand_in_front(command: str) -> None:
    lead = read_lead(command + "周敏 常州宏图机械 13700001111")
    assert (lead.name, lead.company, lead.need) == ("周敏", "常州宏图机械", None)


def test_a_word_that_only_begins_like_the_command_is_kept() -> None:
    assert read_lead("/leadership 培训").need == "leadership 培训"


def test_labels_say_where_every_word_goes() -> None:
    lead = read_lead(
        "联系人：周敏\n公司名称：宏图精密（常州）有限公司\n职务=生产总监\n电话：０５１９－８８０１２３４５\n邮箱: Zhou@Example.com\n"
        "微信：zhou_min8\n所属行业：机械\n地区：江苏省常州市\n产品：排产软件\n需求：三个车间排产；要看板\n备注：年底前\n预算：五十多万\n来源：展会"
    )
    assert told(lead) == {
        "name": "周敏",
        "company": "宏图精密（常州）有限公司",
        "title": "生产总监",
        "phone": "+8651988012345",
        "email": "zhou@example.com",
        "wechat": "zhou_min8",
        "industry": "机械",
        "region": "常州",
        "product": "排产软件",
        "need": "三个车间排产；要看板\n年底前",
        "amount_min": 500_000,
        "amount_max": 600_000,
        "channel": "展会",
    }
    assert lead.sure


def test_english_labels_work_too() -> None:
    lead = read_lead(
        "Name: Anna Berg, Company: Nordic Pumps AB, phone: +46 8 123 456 78\nneed: a demo\nbudget: 200k"
    )
    assert (lead.name, lead.company, lead.phone) == ("Anna Berg", "Nordic Pumps AB", "+46812345678")
    assert (lead.need, lead.amount_max) == ("a demo", 200_000)


def test_an_english_line_needs_no_labels() -> None:
    lead = read_lead(
        "/lead Anna Berg, Nordic Pumps Ltd, Purchasing Manager, anna@np.com, manufacturing, needs spare parts"
    )
    assert (lead.name, lead.company, lead.title) == ("Anna Berg", "Nordic Pumps Ltd", "Purchasing Manager")
    assert (lead.industry, lead.need, lead.sure) == ("manufacturing", "needs spare parts", True)


def test_a_label_may_stand_on_its_own_line_or_before_a_space() -> None:
    assert read_lead("姓名\n周敏\n公司\n宏图机械").company == "宏图机械"
    assert read_lead("姓名 周敏 公司 宏图机械 需求 排产").need == "排产"
    assert read_lead("想问 预算\n周敏").need == "想问 预算"


def test_a_firm_under_the_customer_label_is_the_firm() -> None:
    lead = read_lead("客户：常州宏图有限公司\n姓名：周敏")
    assert (lead.name, lead.company) == ("周敏", "常州宏图有限公司")


def test_words_beside_a_labelled_need_are_left_over_not_lost() -> None:
    lead = read_lead("姓名：周敏 急 需求：排产")
    assert (lead.need, lead.leftover, lead.sure) == ("排产", "急", False)


def test_a_field_said_twice_keeps_the_first() -> None:
    lead = read_lead("姓名：周敏\n姓名：周捷")
    assert (lead.name, lead.leftover, lead.sure) == ("周敏", "周捷", False)


def test_an_address_gives_the_town_and_is_kept() -> None:
    assert told(read_lead("地址：常州市新北区通江路9号")) == {
        "region": "常州",
        "leftover": "常州市新北区通江路9号",
    }
    assert read_lead("地区：华东").region == "华东"
    assert read_lead("地区：在常州").leftover == "在常州"
    free = read_lead("周敏 江苏宏图有限公司 常州新北区")
    assert (free.region, free.leftover) == ("常州", "常州新北区")
    assert read_lead("周敏 宏图有限公司 常州 要排产").region == "常州"


@pytest.mark.parametrize("number", ["1370000111", "137000011112", "0519-8801234567"])
def test_a_wrong_phone_is_told_and_never_dropped(number: str) -> None:
    lead = read_lead(f"周敏 常州宏图机械 {number} 要排产")
    assert lead.problems == ("phone_invalid",)
    assert number in lead.leftover
    assert (lead.phone, lead.need, lead.sure) == (None, "要排产", False)


def test_wrong_contacts_behind_their_labels_are_told_once() -> None:
    lead = read_lead("周敏\n手机：没有\n邮箱：zhou@\n微信：无")
    assert lead.problems == ("email_invalid", "phone_invalid", "contact_unclear")
    assert [word in lead.leftover for word in ("没有", "zhou@", "无")] == [True, True, True]
    assert read_lead("1370000111 1370000112").problems == ("phone_invalid",)
    known = read_lead("电话：13700001111\n电话：前台转")
    assert (known.phone, known.leftover, known.problems) == ("+8613700001111", "前台转", ())


def test_a_second_phone_is_left_over_and_a_mobile_comes_first() -> None:
    lead = read_lead("周敏 常州宏图机械 0519-88012345 / 13700001111 / 13700001111 要排产")
    assert (lead.phone, lead.leftover, lead.sure) == ("+8613700001111", "0519-88012345", False)


def test_same_number_on_wechat() -> None:
    assert read_lead("周敏 13700001111（微信同号）").wechat == "13700001111"


@pytest.mark.parametrize(
    ("line", "name", "company", "title"),
    [
        ("常州宏图机械有限公司的周敏 13700001111", "周敏", "常州宏图机械有限公司", None),
        ("常州宏图机械有限公司周敏生产总监", "周敏", "常州宏图机械有限公司", "生产总监"),
        ("宏图的周总 要排产", "周总", "宏图", None),
        ("周敏生产总监 宏图集团", "周敏", "宏图集团", "生产总监"),
        ("生产部王经理 宏图集团", "王经理", "宏图集团", None),
        ("周敏（厂长） 宏图（常州）有限公司", "周敏", "宏图（常州）有限公司", "厂长"),
        ("常州宏图机械，老板叫周阿福，想做排产", "周阿福", "常州宏图机械", "老板"),
        ("常州宏图机械的 联系叫周敏", "周敏", "常州宏图机械", None),
        ("叫周敏 宏图机械", "周敏", "宏图机械", None),
        ("客户姓周 常州宏图机械", "周总", "常州宏图机械", None),
        ("欧阳明华 宏图机械 总经理", "欧阳明华", "宏图机械", "总经理"),
        ("古丽·买买提 宏图机械", "古丽·买买提", "宏图机械", None),
        ("宏图机械 要排产 周敏", "周敏", "宏图机械", None),
        ("要系统的 宏图集团", None, "宏图集团", None),
        ("宏图有限公司想换系统 周敏", "周敏", "宏图有限公司", None),
        ("采购部很忙很忙 周敏", "周敏", None, None),
        ("周敏 宏图(二期) 要排产", "周敏", "宏图", None),
        ("周敏 宏图二期扩建 12345 要排产", "周敏", "宏图二期扩建", None),
    ],
)
def test_words_find_their_places(line: str, name: str | None, company: str | None, title: str | None) -> None:
    lead = read_lead(line)
    assert (lead.name, lead.company, lead.title) == (name, company, title)


def test_a_guess_is_owned_up_to() -> None:
    guessed = read_lead("周敏 宏图 13700001111 想上MES")
    assert (guessed.company, guessed.sure) == ("宏图", False)
    assert not read_lead("周敏 李强 宏图集团 要排产").sure
    assert not read_lead("周敏 宏图集团 软件").sure
    assert read_lead("周敏 宏图集团 软件 要排产").sure
    both = read_lead("周敏 Anna Berg 宏图集团 要排产")
    assert (both.name, both.leftover) == ("周敏", "Anna Berg")


def test_a_trend_has_neither_person_nor_firm() -> None:
    lead = read_lead("/lead 新能源行业很火")
    assert missing(lead) == ("name", "company", "contact")
    assert (lead.industry, lead.need, lead.sure) == ("新能源", "新能源行业很火", False)


def test_words_that_begin_like_a_family_name_are_no_people() -> None:
    assert read_lead("方案 高铁 周边").name is None
    assert read_lead("安装机").name is None


def test_a_word_of_absurd_length_is_part_of_the_need() -> None:
    long = "好" * 70
    assert read_lead(long).need == long
    assert read_lead("A" * 59 + "(" + "b" * 30 + ")").need == "A" * 59 + "(" + "b" * 30 + ")"


def test_a_pasted_page_is_kept_whole() -> None:
    page = "周敏 宏图集团 要排产 " + "还有很多要求，" * 600
    lead = read_lead(page)
    assert (lead.name, lead.company) == ("周敏", "宏图集团")
    assert lead.need is not None
    assert lead.need.count("还有很多要求") == 600


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("预算80万", (800_000, 800_000)),
        ("预算20-30万", (200_000, 300_000)),
        ("50万到80万", (500_000, 800_000)),
        ("8w5", (85_000, 85_000)),
        ("8万5", (85_000, 85_000)),
        ("￥725,000", (725_000, 725_000)),
        ("1.5亿", (150_000_000, 150_000_000)),
        ("300元", (300, 300)),
        ("不超过150万", (None, 1_500_000)),
        ("20万以内", (None, 200_000)),
        ("至少20万", (200_000, None)),
        ("两百万以上", (2_000_000, None)),
        ("十来万", (100_000, 100_000)),
        ("十几万", (100_000, 200_000)),
        ("几十万", (100_000, 1_000_000)),
        ("几万", (10_000, 100_000)),
        ("三五十万", (300_000, 500_000)),
        ("三五万", (30_000, 50_000)),
        ("五十多万", (500_000, 600_000)),
        ("1万多", (10_000, 20_000)),
        ("一百二十万", (1_200_000, 1_200_000)),
        ("一百零五万", (1_050_000, 1_050_000)),
        ("两百五万", (2_500_000, 2_500_000)),
        ("预算百万", (1_000_000, 1_000_000)),
        ("去年营收8亿，这次预算90万", (900_000, 900_000)),
        ("现款20万，预算30万", (300_000, 300_000)),
        ("20万或30万", (200_000, 200_000)),
        ("budget 200k", (200_000, 200_000)),
        ("80", None),
        ("营收8亿", None),
        ("3万台", None),
        ("5W电源", None),
        ("千万不要", None),
        ("0万", None),
        ("99999999亿", None),
        ("一路平安", None),
    ],
)
def test_money_is_read_as_it_is_spoken(text: str, amount: tuple[int | None, int | None] | None) -> None:
    assert read_amount(fold(text)) == amount


def test_a_bare_number_is_money_only_where_money_was_asked_for() -> None:
    assert read_amount("800000", sure_money=True) == (800_000, 800_000)
    assert read_amount("80", sure_money=True) is None
    lead = read_lead("姓名：周敏\n预算：80\n金额：20万\n预算：30万")
    assert (lead.problems, lead.amount_max, lead.leftover) == (("amount_unclear",), 200_000, "80\n30万")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("上海某某", "上海"),
        ("内蒙古自治区包头市某厂", "包头"),
        ("浙江某某", "浙江"),
        ("华丰(苏州)", "苏州"),
        ("国网浙江电力", "浙江"),
        ("国药安康", None),
        ("安康某某", "安康"),
        ("某某", None),
    ],
)
def test_a_firms_name_tells_where_it_sits(text: str, place: str | None) -> None:
    assert region_of(text) == place


def test_what_follows_the_places() -> None:
    assert behind_places("江苏省苏州市某某") == "某某"
    assert behind_places("苏州某某") == "某某"
    assert behind_places("某某") == "某某"
    assert leading_place("石家庄某某") == "石家庄"


def test_the_questions_come_in_the_order_of_the_required_groups() -> None:
    assert missing(LeadText()) == REQUIRED
    assert missing(LeadText(wechat="zhou_min8", amount_max=1), ("amount", "contact", "need")) == ("need",)
    with pytest.raises(BadField):
        missing(LeadText(), ("shoe_size",))


@pytest.mark.parametrize(
    ("asked", "answer", "fields"),
    [
        ("contact", "13700001111", {"phone": "+8613700001111"}),
        ("contact", "zhou@example.com", {"email": "zhou@example.com"}),
        ("contact", "zhou_min8", {"wechat": "zhou_min8"}),
        ("contact", "1370000111", {"leftover": "1370000111", "problems": ("phone_invalid",)}),
        ("contact", "不知道", {"leftover": "不知道", "problems": ("contact_unclear",)}),
        ("phone", "zhou_min8", {"leftover": "zhou_min8", "problems": ("contact_unclear",)}),
        ("phone", "", {"problems": ("empty",)}),
        ("name", "姓名：周敏", {"name": "周敏"}),
        ("name", "周敏，13700001111", {"name": "周敏", "phone": "+8613700001111"}),
        ("company", "宏图（常州）有限公司", {"company": "宏图（常州）有限公司"}),
        ("industry", "我们是做水泵的", {"industry": "我们是做水泵的"}),
        ("need", " \u200b ", {"problems": ("empty",)}),
        ("amount", "大概二十万", {"amount_min": 200_000, "amount_max": 200_000}),
        ("amount", "再说", {"leftover": "再说", "problems": ("amount_unclear",)}),
    ],
)
def test_one_answer_fills_one_field(asked: str, answer: str, fields: dict[str, object]) -> None:
    lead = read_answer(asked, answer)
    assert told(lead) == fields
    assert lead.sure is (not lead.problems)


def test_an_answer_to_no_question_is_refused() -> None:
    with pytest.raises(BadField):
        read_answer("shoe_size", "43")


WORDS = st.sampled_from(
    ["周敏", "常州", "宏图有限公司", "的", "叫", "姓", "姓名：", "公司", "需求:", "预算：", "地区:", "微信", "zhou_min8", "a@b.cn",
     "13700001111", "137000", "预算80万", "几", "十", "（", "）", "/lead", "@", "\n", "，", " ", "Anna Berg", "Ltd", "\u200d",
     "\U0001f468", "Ａ", "8w", "以内"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(WORDS, max_size=40).map("".join)))
@example("周敏 宏图 " * 1500)
@example("姓名:" * 3000)
@example("13700001111 " * 800)
@example("a@" * 5000)
@example("1" * 10_000)
@example("(" * 10_000)
@example("\U0001f468\u200d" * 5000)
@example("八十万-" * 2500)
def test_no_text_is_refused_and_no_letter_is_invented(text: str) -> None:
    lead = read_lead(text)
    assert len(lead.need or "") <= 10_000
    told_values = [lead.name, lead.company, lead.title, lead.need]
    plain = fold(text)
    assert all(set(fold(value)) <= set(plain) | set("总 \n") for value in told_values if value)
    assert not (lead.sure and (lead.problems or lead.leftover))
    assert read_lead(text) == lead


def test_a_columns_heading_is_known_by_the_same_labels() -> None:
    assert field_named(" Company_Name ") == "company"
    assert field_named("手机号") == "phone"
    assert field_named("鞋码") is None
