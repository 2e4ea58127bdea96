"""Where a customer sits: provinces, prefecture cities and the larger county-level cities of China by name."""

_MUNICIPALITIES = "北京 上海 天津 重庆 香港 澳门"
_PROVINCES = (
    "河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州 云南 "
    "陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆"
)
_CITIES = (
    "石家庄 唐山 秦皇岛 邯郸 邢台 保定 张家口 承德 沧州 廊坊 衡水 雄安 太原 大同 阳泉 长治 晋城 朔州 "
    "晋中 运城 忻州 临汾 吕梁 呼和浩特 包头 乌海 赤峰 通辽 鄂尔多斯 呼伦贝尔 巴彦淖尔 乌兰察布 兴安盟 "
    "锡林郭勒 阿拉善 沈阳 大连 鞍山 抚顺 本溪 丹东 锦州 营口 阜新 辽阳 盘锦 铁岭 朝阳 葫芦岛 长春 四平 "
    "辽源 通化 白山 松原 白城 延边 哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山 大庆 伊春 佳木斯 七台河 牡丹江 "
    "黑河 绥化 大兴安岭 南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 扬州 镇江 泰州 宿迁 杭州 宁波 "
    "温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 合肥 芜湖 蚌埠 淮南 马鞍山 淮北 铜陵 安庆 黄山 滁州 "
    "阜阳 宿州 六安 亳州 池州 宣城 福州 厦门 莆田 三明 泉州 漳州 南平 龙岩 宁德 南昌 景德镇 萍乡 九江 "
    "新余 鹰潭 赣州 吉安 宜春 抚州 上饶 济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 "
    "德州 聊城 滨州 菏泽 莱芜 郑州 开封 洛阳 平顶山 安阳 鹤壁 新乡 焦作 濮阳 许昌 漯河 三门峡 南阳 "
    "商丘 信阳 周口 驻马店 济源 武汉 黄石 十堰 宜昌 襄阳 鄂州 荆门 孝感 荆州 黄冈 咸宁 随州 恩施 仙桃 "
    "潜江 天门 神农架 长沙 株洲 湘潭 衡阳 邵阳 岳阳 常德 张家界 益阳 郴州 永州 怀化 娄底 湘西 广州 "
    "韶关 深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 惠州 梅州 汕尾 河源 阳江 清远 东莞 中山 潮州 揭阳 "
    "云浮 南宁 柳州 桂林 梧州 北海 防城港 钦州 贵港 玉林 百色 贺州 河池 来宾 崇左 海口 三亚 三沙 儋州 "
    "琼海 成都 自贡 攀枝花 泸州 德阳 绵阳 广元 遂宁 内江 乐山 南充 眉山 宜宾 广安 达州 雅安 巴中 资阳 "
    "阿坝 甘孜 凉山 贵阳 六盘水 遵义 安顺 毕节 铜仁 黔西南 黔东南 黔南 昆明 曲靖 玉溪 保山 昭通 丽江 "
    "普洱 临沧 楚雄 红河 文山 西双版纳 大理 德宏 怒江 迪庆 拉萨 日喀则 昌都 林芝 山南 那曲 阿里 西安 "
    "铜川 宝鸡 咸阳 渭南 延安 汉中 榆林 安康 商洛 兰州 嘉峪关 金昌 白银 天水 武威 张掖 平凉 酒泉 庆阳 "
    "定西 陇南 临夏 甘南 西宁 海东 海北 黄南 果洛 玉树 海西 银川 石嘴山 吴忠 固原 中卫 乌鲁木齐 "
    "克拉玛依 吐鲁番 哈密 昌吉 博尔塔拉 巴音郭楞 阿克苏 克孜勒苏 喀什 和田 伊犁 塔城 阿勒泰 石河子 "
    "台北 高雄 台中 台南 新竹"
)
_COUNTY_CITIES = (
    "昆山 太仓 常熟 张家港 江阴 宜兴 溧阳 丹阳 扬中 靖江 泰兴 如皋 海门 启东 东台 仪征 邳州 义乌 东阳 "
    "永康 慈溪 余姚 诸暨 嵊州 海宁 桐乡 平湖 乐清 瑞安 温岭 临海 玉环 晋江 石狮 南安 福清 龙海 胶州 "
    "平度 龙口 招远 莱州 寿光 诸城 邹城 滕州 荣成 曲阜 巩义 新郑 荥阳 禹州 长葛 大冶 枣阳 宜都 浏阳 "
    "宁乡 醴陵 迁安 任丘 三河 辛集 瓦房店 海城 巢湖 桐城 丰城 樟树 都江堰 简阳 仁怀 安宁 神木 韩城 "
    "库尔勒 满洲里"
)
# Names that are also everyday words: a company's place only where it begins with them.
_WORDLIKE_WORDS = "安康 大同 朝阳 长治 保定 安顺 开封 通化 吉安 延安 平凉 白银 安宁 阿里 海城 东阳 平湖 海门"
_WORDLIKE = frozenset(_WORDLIKE_WORDS.split())

_CITY_NAMES = frozenset((*_MUNICIPALITIES.split(), *_CITIES.split(), *_COUNTY_CITIES.split()))
_NAMES = _CITY_NAMES | frozenset(_PROVINCES.split())
_CLEAR = _NAMES - _WORDLIKE
_LENGTHS = range(max(map(len, _NAMES)), 1, -1)
_PROVINCE_MARKS = ("省", "壮族自治区", "回族自治区", "维吾尔自治区", "自治区")


def leading_place(text: str) -> str | None:
    """The longest known place that the text begins with."""
    return next((text[:n] for n in _LENGTHS if text[:n] in _NAMES), None)


def _skip(text: str, place: str) -> str:
    """What follows the place and its mark: 江苏省苏州市… with 江苏 leaves 苏州市…."""
    rest = text.removeprefix(place)
    mark = next((mark for mark in (*_PROVINCE_MARKS, "市") if rest.startswith(mark)), "")
    return rest.removeprefix(mark)


def behind_places(text: str) -> str:
    """What follows the places in front of a text: 江苏省苏州市汇川 leaves 汇川; without one, the text."""
    first = leading_place(text)
    rest = _skip(text, first) if first else text
    second = leading_place(rest) if first else None
    return _skip(rest, second) if second else rest


def region_of(text: str) -> str | None:
    """The place that a company name or an address speaks of: the first city, else the first province.

    A place in front counts before one inside; inside, names that are also words are passed over.
    """
    front = leading_place(text)
    if front in _CITY_NAMES:
        return front
    if front is not None:
        behind = leading_place(_skip(text, front))
        return behind if behind in _CITY_NAMES else front
    inside = [text[at : at + n] for at in range(len(text)) for n in _LENGTHS if text[at : at + n] in _CLEAR]
    return next((place for place in inside if place in _CITY_NAMES), inside[0] if inside else None)
