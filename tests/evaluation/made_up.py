"""Messages of nobody, to learn from: shapes of messages with people, firms and posts put in by chance.

The words are general knowledge, taken from no labelled set. `message(dice)` gives a text and where in it the person,
the firm and the post stand.
"""

import re
from collections.abc import Callable
from pathlib import Path
from random import Random

from domain.reader import lexicon
from domain.reader.places import PLACES
from domain.reader.who import Spot

_SHAPES = (Path(__file__).parents[1] / "data" / "message_shapes.txt").read_text(encoding="utf-8")
SHAPES = {
    kind: [line.replace("\\n", "\n") for line in lines.splitlines() if line]
    for kind, _, lines in (part.partition("\n") for part in _SHAPES.split("# ")[1:])
}
Fill = Callable[[Random], str]

COMMON_SURNAMES = "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段漕钱汤尹黎易常武乔贺赖龚文"
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国志文斌海波鹏飞云龙辉宇浩晨曦子轩欣怡雨梓涵佳琪思远博文俊凯婷婷雪梅红燕玲莉丹萍倩颖晶莹洁慧琳璐瑶媛春生永福德胜利民立新卫东学峰岭山川江河水清泉源根林森树柏松柳青竹菊"
    "荣昌盛兴旺富贵祥瑞吉康宁安泰和顺达通广进才宝金银铁钢石磊岩峻嵩岳恒毅坚贞忠孝仁义礼智信诚实正直善良温良恭俭让天成大为小雅若晴诗韵可心亦然一凡以沫如意嘉禾景行维新承志继业光耀宗启明其昌少华长庚世杰振宇鸿儒"
)
_FOREIGN = "阿不都 买买提 古丽娜尔 阿依努尔 艾力 吐尔逊 扎西 卓玛 次仁 巴桑 格桑 央金 洛桑 丹增 巴特尔 乌兰 其其格 娜仁 苏和 布和 阿木尔 特日格勒 热依汗 木拉提 帕丽达 艾尼瓦尔 古丽巴哈尔 哈力克 赛里克 叶尔兰 尼玛 旺堆 曲珍 白玛 才让 拉毛 索朗 达娃 那日苏 斯琴".split()
LATIN = "Kevin Linda Jason Tony Cindy Amy Eric Alice Vivian Frank Peter Grace Mike Lucy Helen Jack Steven Rita Coco Daisy Leo Sam Andy Cherry Winnie Jerry Fiona Yuki Max Nina".split()
_LAST = "Li Wang Zhang Liu Chen Yang Zhao Huang Zhou Wu Xu Sun Hu Zhu Gao Lin He Guo Ma Luo Smith Müller Tanaka Kim Tan Wong Lim Chan".replace(
    "ü", "u"
).split()
_RESPECT = "总 总 总 总 总 工 姐 哥 老师 经理 主任 先生 女士 小姐 老板 科长 厂长 院长 校长 处长 局长 所长 董 部长 主管 店长 书记 师傅 医生 教授 大姐 大哥 老板娘 处 局 队长 站长 园长 秘书 会计 助理 博士 总监 叔 姨 队".split()
_FUNCTIONS = "采购 财务 行政 人事 技术 运营 信息 研发 生产 销售 市场 品质 质量 设备 工程 项目 产品 物流 仓储 供应链 法务 客服 后勤 外贸 电商 门店 安全 能源 战略 投资 基建 教务 设计 测试 招商 渠道 培训 品牌 运维 审计 综合 信息化 数字化 物业 商务 生产计划 行政人事 财务资产 企业管理 科技 国际业务 海外 安环 总务 公共事务 内控 资产 客户服务 新媒体 护理 医务 药剂 检验 教学 科研 学生 党群 工会 宣传".split()
_TAILS = "经理 总监 主管 部长 负责人 专员 助理 副总 部经理 部部长 部主任 部主管 部总监 中心主任 中心总监 科科长 处处长 处副处长 科副科长 部副部长 副经理 高级经理 工程师 副总监 总经理 副总经理 办主任 组组长 顾问 员 总负责人".split()
_POSTS = (
    (
        "总经理 副总经理 常务副总 董事长 董事长助理 总裁 副总裁 总裁助理 总经理助理 厂长 副厂长 生产厂长 老板 老板娘 店长 店主 创始人 联合创始人 合伙人 法人 经理 主任 副主任 院长 副院长 校长 副校长 园长 副园长 所长 副所长 站长 馆长 "
        "理事长 秘书长 会长 副会长 社长 场长 村支书 村主任 书记 副书记 镇长 副镇长 队长 支队长 大队长 教导员 政委 校办主任 院办主任 护士长 药房主任 检验科主任 放射科主任 设备科科长 医务科科长 信息科科长 后勤处处长 教务主任 年级主任 教研组长 实验中心主任 "
        "课题组长 教授 副教授 讲师 研究员 博士 工程师 总工程师 总工 副总工 技术员 车间主任 车间主管 班长 组长 工段长 线长 厨师长 行政总厨 大堂经理 前厅经理 客房部经理 餐饮总监 值班经理 区域经理 大区经理 省区经理 城市经理 分公司经理 支行行长 副行长 客户经理 网点主任 "
        "采购 采购员 采购主管 采购经理 买手 会计 出纳 主办会计 财务总监 CFO CTO CEO CIO COO HR HRD HRBP IT经理 IT主管 IT负责人 信息主管 网管 运维工程师 项目经理 项目总监 项目负责人 产品经理 设计师 主创设计师 设计总监 律师 主任律师 合伙人律师 会计师 造价师 监理 "
        "物业经理 项目主任 船长 车队长 调度 调度长 仓库主管 库管 物流经理 关务 关务经理 单证 跟单 外贸经理 外贸业务员 业务员 业务经理 销售 销售总监 导购 运营 运营总监 主播 主理人 店铺负责人 电商运营 编辑 主编 记者 导演 制片人 教练 馆主 教练组长 兽医 院长助理 校长助理 秘书 文员 内勤 "
        "农场主 合作社理事长 种植大户 养殖户 经销商 加盟商 代理商 包工头 工头 项目部经理 施工员 安全员 质检员 质检主管 品控经理 品管主管 化验室主任 实验室主任 工艺工程师 设备主管 机修 电工班长 保安队长 行政前台 前台 人事 财务 行政 后勤主任 办公室主任 办公室副主任 综合科科长 科员 "
        "局长 副局长 科长 副科长 处长 副处长 股长 庭长 检察长 部长 副部长 干事 主席 工会主席 团委书记 主管 总监 顾问 负责人 联系人 总负责人 首席信息官 首席技术官 行长助理 分管副院长 分管副总 主管领导"
    )
    .replace(" 联系人", "")
    .split()
)
DEPARTMENTS = (
    "采购部 设备科 信息科 总务处 后勤处 采购办 院办 校办 财务科 教务处 检验科 药剂科 信息中心 办公室 综合科 技术部 工程部 行政部 人事部 生产部 市场部 装备科 物资部 基建办 招标办 科教科 护理部 器械科 网络中心 实验室 保卫科 法制科 产业科 项目办 资产处 国资处 医工科 电教馆 秘书科 质管科"
).split()
_BRAND = "华盛鑫恒瑞达宏远泰丰源兴旺顺昌隆金银玉龙凤天海山川东南西北中国永福祥和安康富贵荣光明辉耀星辰宇浩博文雅正诚信德仁义力强大通联创新科锐捷迅腾飞翔鹏程万里嘉美佳优卓越精良方圆立信凯旋奥维尔思特诺贝迪朗晟睿晶润泽沃禾穗麦青绿蓝翠松柏梅兰竹菊雪云雨风雷春秋景和元亨利贞恩惠慈铭钧鼎铂钰珩珂"
_KINDS = (
    "机械 精密 科技 电子 化工 食品 汽车零部件 模具 五金 塑胶 橡胶 包装 印刷 纸业 纺织 服饰 家居 建材 陶瓷 玻璃 铝业 钢构 铸造 锻压 阀门 泵业 轴承 电机 电气 仪表 光电 半导体 新能源 储能 电池 环保 水处理 生物 医药 医疗器械 农业 牧业 种业 饲料 乳业 酒业 茶业 粮油 水产 冷链 物流 货运 供应链 "
    "船务 港务 建设 建筑 工程 装饰 园林 置业 物业 商贸 贸易 进出口 实业 电商 传媒 文化 广告 教育 软件 信息技术 网络 智能 智能装备 自动化 机器人 安防 消防 检测 咨询 人力资源 保安 保洁 餐饮 酒店 旅游 会展 健身 美业 口腔 眼科 宠物 母婴 玩具 文具 箱包 鞋业 皮革 珠宝 钟表 乐器 家纺 灯饰 "
    "卫浴 门窗 木业 地板 涂料 管业 电缆 线束 连接器 散热 注塑 冲压 焊接 热处理 电镀 表面处理 激光 数控 机床 叉车 起重 电梯 锅炉 风机 压缩机 制冷 空调 净化 滤清器 轮胎 汽配 车业 改装 驾校 矿业 石材 砂石 水泥 煤业 焦化 钢铁 有色 稀土 磁材 新材料 复合材料 薄膜 纤维 无纺布 染整 针织 羽绒"
).split()
_LEGAL = (
    ("",) * 9
    + ("有限公司",) * 4
    + (
        "公司",
        "集团",
        "股份",
        "厂",
        "有限责任公司",
        "股份有限公司",
        "集团有限公司",
        "实业有限公司",
        "总厂",
        "经营部",
        "商行",
        "加工厂",
        "合作社",
        "农民专业合作社",
        "中心",
        "工作室",
    )
)
_FAMOUS = (
    "中铁 中建 中交 国网 南网 中石化 中石油 华润 中粮 中储粮 万科 碧桂园 龙湖 保利 海尔 美的 格力 三一 徐工 中联 比亚迪 吉利 奇瑞 长安 一汽 东风 上汽 广汽 宁德 隆基 通威 京东 顺丰 中通 移动 联通 电信 铁塔 工行 农行 建行 中行 邮储 平安 人保 国寿 太保 伊利 蒙牛 双汇 新希望 温氏 牧原 青啤 茅台 五粮液 泸州老窖 宝钢 鞍钢 河钢 首钢 海螺 中车 中船 中航 中核 华能 大唐 国电投 华电 三峡 中海油 延长"
).split()
_UNITS = "一局 二局 三局 五局 八局 十四局 二公司 三公司 一分公司 项目部 工程局 供电公司 分公司 炼化 油田 电厂 物业 商管 地产 城投 研究院 设计院 技术中心 工厂 基地 支行 分行 营业部".split()
_SHOP_WORDS = (
    (
        "拾光 半亩 小满 初见 遇见 云端 山野 南山 北岸 西窗 东篱 浅草 野渡 渔歌 归来 不二 无名 有间 一味 三味 百味 老街 老灶 巷子 码头 渡口 外婆 阿婆 阿妈 阿嬷 二姐 三哥 胖子 瘦子 大胡子 小辫子 老船长 大掌柜 小当家 蜀香 湘味 粤港 滇红 徽州 江南 塞外 草原 雪域 海岛 椰子 芒果 石榴 枇杷 桂花 桃花 梨花 茉莉 薄荷 柠檬 橘子 葡萄 麦田 稻香 豆豆 "
        "米粒 糖糖 棉花 萌萌 咪咪 汪汪 乐乐 多多 果果 朵朵 星星 月亮 太阳 彩虹 云朵 蓝天 白鹭 喜鹊 燕子 蜗牛 小鹿 大象 熊猫 狐狸 猫咪 松鼠 鲸鱼 海豚 时光 岁月 年华 故事 旧事 往事 青春 少年 童年 童心 智慧 启航 领航 新芽 幼苗 花开 花间 花語 木棉 原木 本味 本色 素心 素食 和风 樱花 一品 御膳 皇家 贵妃 天福 聚福 聚贤 同庆 同春 德胜 万兴 四季 五谷 六和 七喜 八方 九香 十里"
    )
    .replace("花語", "花语")
    .split()
)
_SHOP_MORE = "里 记 家 坊 轩 阁 居 园 屋 间 斋 堂 楼 馆 舍 集 铺子 小馆 小铺 小厨 物语 生活 时光 日记 故事 先生 小姐 妈妈 姐姐 叔叔 公社 工坊 小院 山房 驿站 部落 空间 星球 岛 计划 实验室 研究所 制造 派 客 友 汇 荟 城堡 王国 乐园 之家 家族 兄弟 世家 人家".split()
_SHOP_KINDS = "火锅 烧烤 奶茶 咖啡 烘焙 蛋糕 面馆 饺子馆 饭店 餐厅 酒楼 私房菜 民宿 客栈 酒店 书店 花店 理发店 美容院 健身房 瑜伽馆 舞蹈工作室 琴行 画室 幼儿园 托育 月子会所 宠物店 宠物医院 药房 诊所 口腔 眼镜店 服装店 童装店 鞋店 水果店 超市 便利店 汽修店 洗车店 4S店 影楼 摄影 剧本杀 网咖 台球厅 茶楼 农家乐 采摘园 农场 果园 鱼塘 养殖场 家具店 灯具店 建材店 五金店 打印店 驾校 洗衣店 家政 快餐 卤味 串串香 烤鱼 酒馆 小吃店 生鲜店 烟酒店".split()
TRADES = (
    *_KINDS[:120],
    *_SHOP_KINDS,
    "家纺",
    "不锈钢",
    "预制菜",
    "跨境电商",
    "直播带货",
    "板材",
    "钢材贸易",
    "水果批发",
    "社区团购",
    "中央厨房",
    "污水处理",
    "光伏安装",
    "冷库",
    "车队",
    "苗木",
    "月饼",
    "童装",
)
_PUBLIC = (
    "{p}人民医院 {p}中心医院 {p}第一人民医院 {p}第二人民医院 {p}中医院 {p}妇幼保健院 {p}妇幼 {p}口腔医院 {p}疾控中心 {p}疾控 {p}血站 {p}第一中学 {p}三中 {p}实验小学 {p}第五小学 {p}职业技术学院 {p}职教中心 {p}师范学院 {p}大学 {p}学院 {p}教育局 {p}教体局 {p}卫健委 {p}卫健局 {p}公安局 {p}法院 "
    "{p}检察院 {p}税务局 {p}财政局 {p}农业农村局 {p}水利局 {p}住建局 {p}城管局 {p}应急管理局 {p}市场监管局 {p}交通局 {p}气象局 {p}林业局 {p}人社局 {p}政务服务中心 {p}行政审批局 {p}博物馆 {p}图书馆 {p}文旅局 {p}供电公司 {p}自来水公司 {p}燃气公司 {p}公交公司 {p}城投集团 {p}文旅集团 {p}机场 {p}港务集团 "
    "{p}一院 {p}二院 {p}附院 {p}街道办 {p}镇政府 {p}开发区管委会 {p}产业园 {p}农商行 {p}农科院 {p}监狱 {p}消防支队 {p}交警支队 {p}派出所 {p}卫生院 {p}养老院 {p}福利院 {p}党校 {p}技校 {p}外国语学校 {p}设计院 {p}测绘院 {p}质检院 {p}检测中心 {p}环保局 {p}殡仪馆 {p}体校 {p}烟草公司 {p}邮政 {p}商会 {p}行业协会 {p}水务集团 {p}粮库 {p}种子站 {p}畜牧站"
).split()
_COUNTIES = "临泉 凤台 固始 新蔡 沭阳 睢宁 东海 灌云 射阳 如东 海安 泗洪 平邑 沂南 莒县 单县 曹县 巨野 宁津 临邑 商河 正定 赵县 魏县 大名 涉县 威县 蠡县 盂县 洪洞 襄汾 祁县 岐山 眉县 泾阳 蓝田 勉县 洋县 陇西 渭源 会宁 靖远 湘潭县 攸县 茶陵 双峰 新化 隆回 桃源 澧县 华容 平江 罗田 蕲春 黄梅 云梦 公安 秭归 长阳 鄱阳 余干 上犹 于都 兴国 永修 都昌 长汀 上杭 武平 安溪 德化 惠安 连江 霞浦 苍溪 渠县 大竹 宣汉 仁寿 威远 隆昌 富顺 合江 古蔺 桐梓 绥阳 湄潭 织金 盘县 威宁 会泽 陆良 嵩明 禄丰 鹤庆 南涧 宾阳 横州 灵山 博白 陆川 平南 徐闻 遂溪 电白 海丰 五华 大埔 高要 怀集 翁源 安吉 德清 桐庐 淳安 天台 仙居 青田 缙云 云和 龙游 开化 嘉善 海盐".split()


def _pick(dice: Random, *choices: Fill) -> str:
    return dice.choice(choices)(dice)


def place(dice: Random) -> str:
    town = dice.choice(PLACES) if dice.random() < 0.7 else dice.choice(_COUNTIES)
    return (
        town + dice.choice(("", "", "", "市", "县", "区", ""))
        if len(town) == 2 and dice.random() < 0.4
        else town
    )


def surname(dice: Random) -> str:
    chance = dice.random()
    if chance < 0.45:
        return dice.choice(COMMON_SURNAMES)
    return dice.choice(lexicon.COMPOUND_LIST[:40]) if chance < 0.53 else dice.choice(lexicon.SINGLE)


def full(dice: Random) -> str:
    if dice.random() < 0.07:
        name = dice.choice(_FOREIGN)
        return name + (
            dice.choice(("·", "")) + dice.choice(_FOREIGN) if len(name) < 4 and dice.random() < 0.5 else ""
        )
    size = 1 if dice.random() < 0.25 else 2
    return surname(dice) + "".join(dice.choice(_GIVEN) for _ in range(size))


def respect(dice: Random) -> str:
    if dice.random() < 0.1:
        return dice.choice("小老阿") + dice.choice(COMMON_SURNAMES)
    if dice.random() < 0.03:
        return dice.choice(_FOREIGN)[:4] + dice.choice(("总", "老师", "主任", "大哥"))
    head = surname(dice) if dice.random() < 0.9 else dice.choice(lexicon.RARE)
    return head + dice.choice(_RESPECT)


def latin(dice: Random) -> str:
    first = dice.choice(LATIN)
    chance = dice.random()
    return (
        first
        if chance < 0.5
        else f"{first} {dice.choice(_LAST)}"
        if chance < 0.8
        else f"{first} {dice.choice(COMMON_SURNAMES)}"
    )


def person(dice: Random) -> str:
    chance = dice.random()
    return full(dice) if chance < 0.5 else respect(dice) if chance < 0.93 else latin(dice)


def brand(dice: Random) -> str:
    return "".join(dice.choice(_BRAND) for _ in range(2 if dice.random() < 0.8 else 3))


def firm(dice: Random) -> str:
    chance = dice.random()
    if chance < 0.08:
        return dice.choice(_FAMOUS) + (place(dice) if dice.random() < 0.4 else "") + dice.choice(_UNITS)
    if chance < 0.18:
        return public(dice)
    if chance < 0.25:
        return shop(dice)
    if chance < 0.28:
        return dice.choice(
            ("Acme", "Nova", "Blue Ocean", "GreenTech", "Sunrise", "Fitwell", "Kaiser", "Orient")
        ) + dice.choice(("", " Foods", " Robotics", " Lab", " Trading", " Textile", " GmbH", " Co., Ltd"))
    if chance < 0.34:  # a name without a word of its trade
        return (
            (place(dice) if dice.random() < 0.3 else "")
            + brand(dice)
            + dice.choice(("", "集团", "股份", "国际", "控股"))
        )
    where = place(dice) if dice.random() < 0.5 else ""
    kind = dice.choice(_KINDS) + (dice.choice(_KINDS) if dice.random() < 0.12 else "")
    name = where + brand(dice) + kind + dice.choice(_LEGAL)
    return name + f"{place(dice)}分公司" if dice.random() < 0.03 else name


def shop(dice: Random) -> str:
    chance = dice.random()
    if chance < 0.35:
        return dice.choice(_SHOP_WORDS) + dice.choice(_SHOP_MORE)
    if chance < 0.6:
        return dice.choice(_SHOP_WORDS) + dice.choice(("", *_SHOP_MORE[:20])) + dice.choice(_SHOP_KINDS)
    if chance < 0.75:
        return dice.choice(COMMON_SURNAMES) + dice.choice("记氏家") + dice.choice(_SHOP_KINDS[:20])
    return dice.choice(_SHOP_WORDS) + dice.choice(_SHOP_WORDS)


def public(dice: Random) -> str:
    where = place(dice)
    where += dice.choice(_COUNTIES) if dice.random() < 0.15 else ""
    return dice.choice(_PUBLIC).replace("{p}", where)


def post(dice: Random) -> str:
    return dice.choice(_POSTS) if dice.random() < 0.6 else dice.choice(_FUNCTIONS) + dice.choice(_TAILS)


def _a_kind(dice: Random) -> str:
    """What says only what kind of firm it is."""
    if dice.random() < 0.5:
        return dice.choice(_SHOP_KINDS)
    return dice.choice(TRADES) + dice.choice(("厂", "公司", "加工厂", "工厂", "企业", "批发部", "店", "连锁"))


_ENGLISH_POSTS = (
    "Buyer,Purchasing Manager,Sales Manager,Procurement Director,General Manager,CEO,CTO,Sourcing Manager,Marketing Head,Sales VP,VP Sales,"
    "IT Director,Project Manager,Owner,Founder,Product Manager,Plant Manager,Operations Director,Merchandiser,Lab Manager,Regional Manager,HR Director"
).split(",")
_WISHES = (
    "想上ERP 想了解价格 要一套MES 想换系统 要报价 想看演示 需要20套设备 要做展厅 想做网站 要买三台设备 想找供应商 要订一批货 想做直播代运营 要上考勤系统 想换掉旧系统 咨询进销存 要做车间改造 想要试用 想装监控 "
    "要改造机房 问多少钱 问能不能定制 在找代理 想做短视频 问交期 要样品 想合作 要打样 想加盟 想租设备 要200个账号 想对比一下 准备招标 下半年要扩产 在看方案 着急要 不着急 有意向 意向强 要上WMS 想做数据大屏 旧系统用了十年了 想约个时间聊聊 要先看案例 仓库很乱 管不住业务员 新厂要投产 要冷库安装 想做品牌设计 要食堂承包 "
    "找人做小程序 打算年底前上线 要检测设备 想采购显微镜 要两台彩超 需要录播教室 采购办公家具 想换物业 问有没有现货 要100吨 每月要几柜 找海外仓 做ISO认证 想办证"
).split()
_TIMES = "明天 后天 下周三 周五下午 月底 这周 下周一上午十点 国庆后 年前 15号".split()
_SUMS = "30万 50万左右 20-30万 不超过100万 三五万 上百万 8w 十来万 没定 还没批 120万 五十万以内".split()
_STREETS = "人民路88号 建设大道12号 高新区科技园 工业园区 解放东路 文化街 开发区滨江路6号 万达广场 义乌商贸城 三期".split()
_FILLS: dict[str, tuple[str, Fill]] = {
    "N": ("name", person), "F": ("name", full), "R": ("name", respect), "L": ("name", latin),
    "S": ("name", surname), "C": ("company", firm), "H": ("company", shop), "I": ("company", public),
    "T": ("title", post), "X": ("", lambda dice: _pick(dice, respect, respect, full)), "Z": ("", firm),
    "P": ("", place), "K": ("", lambda dice: dice.choice(TRADES)), "d": ("", lambda dice: dice.choice(DEPARTMENTS)),
    "k": ("", _a_kind), "w": ("", lambda dice: dice.choice(_FUNCTIONS)), "t": ("title", lambda dice: dice.choice(_ENGLISH_POSTS)),
    "X2": ("", shop), "@": ("", lambda dice: f"1{dice.choice('356789')}{dice.randrange(10**9):09d}"),
    "W": ("", lambda dice: f"wx_{dice.randrange(10**6)}a"), "E": ("", lambda dice: f"a{dice.randrange(10**5)}@example.com"),
    "M": ("", lambda dice: dice.choice(_SUMS)), "Y": ("", lambda dice: dice.choice(_WISHES)),
    "D": ("", lambda dice: dice.choice(_TIMES)), "A": ("", lambda dice: place(dice) + dice.choice(_STREETS)),
}  # fmt: skip


def message(dice: Random, kind: str = "lead") -> tuple[str, list[Spot]]:
    """A text, and (start, end, field) of what is named in it."""
    text, spans = "", []
    comma = dice.choice(("，", "，", ",", ", ", " ", " ", "、", "\n", "；"))
    for piece in re.split(r"(\{..?\})", dice.choice(SHAPES[kind])):
        if piece[:1] == "{":
            field, fill = _FILLS[piece[1:-1]]
            value = fill(dice)
            if field:
                spans.append((len(text), len(text) + len(value), field))
            text += value
        else:
            text += piece.replace("，", comma)
    return text, spans


def like(field: str, value: str, dice: Random) -> str:
    """Another value of the same kind, to stand where `value` stands in a labelled lead."""
    if field == "title":
        return post(dice) if not value.isascii() else value
    if field == "company":
        return (
            public(dice) if re.search(lexicon.PUBLIC, value) else firm(dice) if not value.isascii() else value
        )
    if value.isascii():
        return latin(dice)
    if re.fullmatch(f".{{1,3}}(?:{lexicon.TITLE_OF_RESPECT})|[小老阿].", value):
        return respect(dice)
    return full(dice) if len(value) > 1 else dice.choice(COMMON_SURNAMES)
