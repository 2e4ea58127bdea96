"""The demo: a sample company and sample leads, with no account, at any hour of any day."""

from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from domain.calendar import WorkingCalendar
from domain.lead import Customer, Origin
from domain.people import Company
from domain.usecases.leads import accept_lead, capture_lead

COMPANY = """# The demo's settings: a sample company. Change what you like and start the demo again.

[app]
host = "{host}"
port = {port}
base_url = "http://{host}:{port}"

[database]
url = "sqlite:///{database}"

[api]
tokens = {{ website = "{token}" }}

[simulator]
enabled = true

[reader]
products = ["MES", "ERP", "CRM", "WMS", "PLM"]

[[teams]]
id = "sales"
name = "销售部"
manager = "tangyue"

[[teams]]
id = "east"
name = "华东"
manager = "wangfang"
parent = "sales"

[[teams]]
id = "south"
name = "华南"
manager = "lihaoran"
parent = "sales"

[[routes]]
team = "south"
region = ["广东", "广州", "深圳", "佛山", "东莞", "珠海", "中山", "惠州", "海南", "海口", "福建", "厦门", "福州", "广西", "南宁", "桂林"]

[[routes]]
team = "east"

[[people]]
id = "zhangwei"
name = "张伟"
role = "rep"
team = "east"

[[people]]
id = "lilei"
name = "李雷"
role = "rep"
team = "east"

[[people]]
id = "hanmeimei"
name = "韩梅梅"
role = "rep"
team = "east"

[[people]]
id = "wangfang"
name = "王芳"
role = "manager"
team = "east"

[[people]]
id = "chenjing"
name = "陈静"
role = "rep"
team = "south"

[[people]]
id = "guozihan"
name = "郭子涵"
role = "rep"
team = "south"

[[people]]
id = "lihaoran"
name = "李浩然"
role = "manager"
team = "south"

[[people]]
id = "tangyue"
name = "唐越"
role = "director"
team = "sales"

[[people]]
id = "zhaomin"
name = "赵敏"
role = "marketer"

[[people]]
id = "sunli"
name = "孙莉"
role = "expert"

[[people]]
id = "xiaolin"
name = "小林"
role = "employee"

[[people]]
id = "admin"
name = "周工"
role = "admin"
"""

SAMPLES = (
    Customer(
        name="沈立群", company="苏州恒远精密机械有限公司", title="生产总监", phone="+8613862140371",
        industry="制造业", region="苏州", product="MES", need="两条产线想上MES，先看半导体行业的案例", amount_max=800000,
        amount_min=500000,
    ),
    Customer(
        name="马晓燕", company="深圳云帆物流有限公司", title="信息部经理", phone="+8613530628814",
        industry="物流", region="深圳", product="WMS", need="旧仓库系统年底到期，要替换，含三个仓", amount_max=350000,
        amount_min=350000,
    ),
    Customer(
        name="顾一鸣", company="上海澄明医疗科技有限公司", title="采购经理", phone="+8618917750462",
        industry="医药", region="上海", product="追溯系统", need="UDI 追溯，下月招标，希望这周看演示", amount_max=600000,
        amount_min=600000,
    ),
)  # fmt: skip
"""Sample leads: names, firms and numbers are made up."""

STEPS = (timedelta(minutes=2), timedelta(minutes=1, seconds=30), timedelta(seconds=30))
"""How far the clock goes on after each sample: the first is then a minute from its breach."""


def write_company(folder: Path, *, host: str, port: int, token: str) -> Path:
    """Write the sample company's settings, unless they are there already; returns their path."""
    path = folder / "config.toml"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        text = COMPANY.format(host=host, port=port, token=token, database=(folder / "demo.db").resolve())
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    return path


def good_moment(calendar: WorkingCalendar, now: datetime, company: Company) -> datetime:
    """An instant inside working hours from which the whole ladder fits: now, or ten in the morning of the
    next working day."""
    if calendar.is_open(now) and calendar.add(now, timedelta(hours=1)) - now == timedelta(hours=1):
        return now
    day = now.astimezone(company.zone).date()
    for ahead in range(400):
        ten = datetime.combine(day + timedelta(days=ahead), time(10, 0), company.zone)
        if calendar.is_open(ten):
            return ten.astimezone(now.tzinfo)
    return calendar.next_open(now)


async def seed(
    write: Callable[..., Awaitable[Any]],
    advance: Callable[[timedelta], Awaitable[datetime]],
    now: Callable[[], datetime],
) -> None:
    """Three leads that tick, the first a minute from its breach, and one that is being worked on."""
    held = Customer(
        name="林海", company="宁波港城食品有限公司", title="厂长", phone="+8613957482206", industry="食品",
        region="宁波", product="MES", need="车间无纸化，预算在批",
    )  # fmt: skip
    origin = Origin(channel="展会", source="demo", by="xiaolin")
    taken = await write(capture_lead, customer=held, origin=origin, now=now())
    await advance(timedelta(seconds=40))
    owner = taken.lead.owner
    if owner is not None:
        await write(accept_lead, lead_id=taken.lead.id, offer_no=1, by=owner, at=now())
    for customer, step in zip(SAMPLES, STEPS, strict=True):
        origin = Origin(channel="官网", source="demo")
        await write(capture_lead, customer=customer, origin=origin, now=now())
        await advance(step)
