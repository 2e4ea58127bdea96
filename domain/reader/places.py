"""Where a customer sits: provinces, prefecture cities and the larger county-level cities of China by name."""

import re

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
    "商丘 信阳 周口 驻马店 济源 武汉 黄石 十堰 宜昌 襄阳 襄樊 鄂州 荆门 孝感 荆州 黄冈 咸宁 随州 恩施 仙桃 "
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
    "库尔勒 满洲里 兰溪 延吉 珲春 图们 敦化 武夷山 邵武 建瓯 福安 福鼎 永安 漳平 江山 龙港 建德 龙泉 句容 高邮 新沂 "
    "界首 明光 天长 宁国 广德 潜山 无为 瑞金 德兴 贵溪 瑞昌 共青城 庐山 井冈山 高安 乳山 莱西 海阳 莱阳 蓬莱 青州 昌邑 高密 安丘 肥城 新泰 "
    "禹城 乐陵 临清 登封 新密 偃师 汝州 舞钢 林州 卫辉 辉县 沁阳 孟州 灵宝 义马 邓州 永城 项城 老河口 宜城 当阳 枝江 "
    "钟祥 京山 汉川 应城 安陆 麻城 武穴 石首 洪湖 松滋 监利 赤壁 广水 恩施 利川 耒阳 常宁 湘乡 韶山 汨罗 临湘 "
    "津市 沅江 资兴 冷水江 涟源 洪江 吉首 武冈 邵东 乐昌 南雄 台山 开平 鹤山 恩平 廉江 雷州 吴川 高州 化州 信宜 四会 "
    "阳春 英德 连州 普宁 陆丰 罗定 兴宁 岑溪 东兴 桂平 北流 靖西 平果 凭祥 合山 宜州 文昌 万宁 东方 五指山 "
    "彭州 邛崃 崇州 广汉 什邡 绵竹 江油 峨眉山 阆中 华蓥 万源 西昌 会理 康定 马尔康 清镇 赤水 盘州 凯里 都匀 福泉 兴义 "
    "宣威 腾冲 个旧 开远 蒙自 弥勒 景洪 瑞丽 芒市 香格里拉 兴平 彬州 华阴 玉门 敦煌 格尔木 德令哈 灵武 青铜峡 "
    "阿拉尔 图木舒克 五家渠 奎屯 霍尔果斯 阜康 乌苏 伊宁 遵化 滦州 武安 沙河 南宫 涿州 定州 安国 高碑店 泊头 黄骅 河间 霸州 深州 "
    "晋州 古交 潞城 高平 介休 永济 河津 原平 侯马 霍州 孝义 汾阳 丰镇 扎兰屯 牙克石 根河 额尔古纳 霍林郭勒 阿尔山 乌兰浩特 "
    "二连浩特 锡林浩特 新民 庄河 普兰店 东港 凤城 凌海 北镇 大石桥 盖州 灯塔 调兵山 开原 北票 凌源 兴城 榆树 德惠 公主岭 磐石 "
    "蛟河 桦甸 舒兰 双辽 梅河口 集安 临江 洮南 大安 扶余 尚志 五常 讷河 虎林 密山 铁力 同江 富锦 绥芬河 海林 宁安 穆棱 东宁 "
    "北安 五大连池 安达 肇东 海伦 漠河 嘉善 长兴 德清 安吉 象山 宁海 苍南 永嘉 平阳 昆都仑 花莲 基隆 桃园 嘉义 屏东 彰化 云林 苗栗 宜兰 台东"
)
_DISTRICTS = (
    "吴江 吴中 相城 姑苏 浦东 闵行 松江 嘉定 青浦 奉贤 宝山 萧山 余杭 临平 富阳 临安 桐庐 鄞州 北仑 镇海 奉化 黄岩 椒江 柯桥 上虞 越城 南浔 吴兴 秀洲 金坛 武进 新北 惠山 锡山 滨湖 江都 江宁 "
    "浦口 六合 栖霞 通州 海安 如东 顺德 南海 三水 禅城 番禺 花都 增城 从化 黄埔 龙岗 龙华 宝安 坪山 虎门 小榄 博罗 惠阳 仲恺 惠东 即墨 城阳 黄岛 章丘 历城 临淄 张店 江夏 黄陂 新洲 蔡甸 "
    "望城 双流 郫都 温江 新都 龙泉驿 江津 涪陵 万州 永川 合川 大兴 顺义 昌平 房山 海淀 丰台 亦庄 武清 西青 津南 金州 旅顺 苏家屯 集美 翔安 同安 晋安 仓山 长乐 闽侯 花溪 呈贡 官渡"
).split()
_LATIN_CITIES = {
    name.lower(): city
    for pair in (
        "Zhongshan=中山 Foshan=佛山 Dongguan=东莞 Shenzhen=深圳 Guangzhou=广州 Zhuhai=珠海 Huizhou=惠州 Suzhou=苏州 Wuxi=无锡 Changzhou=常州 Nanjing=南京 Shanghai=上海 Beijing=北京 Hangzhou=杭州 Ningbo=宁波 "
        "Wenzhou=温州 Jiaxing=嘉兴 Shaoxing=绍兴 Taizhou=台州 Yiwu=义乌 Jinhua=金华 Xiamen=厦门 Fuzhou=福州 Quanzhou=泉州 Qingdao=青岛 Jinan=济南 Yantai=烟台 Weihai=威海 Tianjin=天津 Dalian=大连 Shenyang=沈阳 "
        "Wuhan=武汉 Changsha=长沙 Hefei=合肥 Wuhu=芜湖 Zhengzhou=郑州 Xian=西安 Chengdu=成都 Chongqing=重庆 Kunming=昆明 Nantong=南通 Kunshan=昆山 Taicang=太仓 Nanchang=南昌 Guiyang=贵阳 Harbin=哈尔滨"
    ).split()
    for name, city in [pair.split("=")]
}
_LATIN_CITY = re.compile(rf"(?<![a-z@.-])(?:{'|'.join(_LATIN_CITIES)})(?![a-z@-])", re.IGNORECASE)
# Names that are also everyday words: a company's place only where it begins with them.
_WORDLIKE_WORDS = (
    "安康 大同 朝阳 长治 保定 安顺 开封 通化 吉安 延安 平凉 白银 安宁 阿里 海城 东阳 平湖 海门 "
    "江山 明光 天长 无为 高安 永安 东方 应城 安陆 东港 灯塔 大安 五常 同江 临江 开平 恩平 信宜 弥勒 平果 福泉 沙河 高平 新民 北安 宁海 "
    "开原 安国 东兴 桃园 平阳 化州 钟祥 合山 当阳 兴平 长兴 集安 安达 海林 宁安 普宁 兴宁 福安 江油 建德 龙泉 东宁 开远"
)
_WORDLIKE = frozenset(_WORDLIKE_WORDS.split())

_CITY_NAMES = frozenset((*_MUNICIPALITIES.split(), *_CITIES.split(), *_COUNTY_CITIES.split()))
_PROVINCE_NAMES = frozenset(_PROVINCES.split())
_NAMES = _CITY_NAMES | _PROVINCE_NAMES
_CLEAR = _NAMES - _WORDLIKE
PLACES = tuple(sorted(_CLEAR, key=len, reverse=True))
PLACE = re.compile("|".join(PLACES))
"""A place's name that is no everyday word."""
_LENGTHS = range(max(map(len, _NAMES)), 1, -1)
_MARKS = ("省", "壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "市")


def leading_place(text: str) -> str | None:
    """The longest known place that the text begins with."""
    for size in _LENGTHS:
        if (place := text[:size]) in _NAMES:
            return place
    return None


def _skip(text: str, place: str) -> str:
    """What follows the place and its mark: 江苏省苏州市… with 江苏 leaves 苏州市…."""
    rest = text.removeprefix(place)
    mark = next(filter(rest.startswith, _MARKS), "")
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


_PASSED_BY = re.compile("[^,;。]{0,8}?(?:展|[博览谈流货讨享]会|年会|大会|峰会|论坛|机场|高铁|火车)")


def region_in(text: str) -> str | None:
    """The place that a whole message speaks of, but for fairs and stations: the first city, a district, a province."""
    found = [
        (at, text[at : at + n])
        for at in range(len(text))
        for n in _LENGTHS
        if text[at : at + n] in _CLEAR and not _PASSED_BY.match(text, at + n)
    ]
    for names in (_CITY_NAMES, _PROVINCE_NAMES):
        city = next((place for _, place in found if place in names), None)
        if city:
            return city
    latin = _LATIN_CITY.search(text)
    if latin:
        return _LATIN_CITIES[latin[0].lower()]
    district = _COUNTY.search(text)
    return next((each for each in _DISTRICTS if each in text), district[1] if district else None)


_COUNTY = re.compile(r"(?:\A|[\s,;。:、的在])([一-鿿]{2,3})[县区](?![域别间内])")


def is_place(word: str) -> bool:
    """Whether the word is a place's name and nothing else, a district's too."""
    return word in _NAMES or word in _DISTRICTS or (word[-1:] in "区县镇" and len(word) > 2)


def is_city(place: str | None) -> bool:
    return place in _CITY_NAMES
