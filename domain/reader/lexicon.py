"""The words by which a line about a customer is read: surnames, titles, trades, what makes a company's name.

Patterns are for folded text (see domain.contact.fold) and for single words, not for sentences.
"""

import re

from domain.reader.places import leading_place

SINGLE = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章云苏潘葛奚范彭郎鲁韦"
    "昌马苗凤花方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹"
    "姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟"
    "徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫房缪干解应宗丁宣邓郁单杭洪包诸左石崔吉龚程邢裴陆荣翁荀羊惠甄曲"
    "封芮储靳汲松段富巫乌焦巴弓牧隗谷车侯宓蓬全班仰秋仲伊宫宁仇栾暴甘厉戎祖武符刘景詹束龙叶幸司韶黎薄印"
    "宿白蒲从索咸赖卓蔺屠蒙池乔阴胥苍双闻莘党翟谭贡劳姬申扶堵冉宰桑桂牛寿通边燕冀浦尚农温别庄晏柴瞿阎连"
    "茹习艾容向古易廖居衡步都耿满弘匡文寇广东欧沃利蔚越师巩聂晁敖冷辛阚那简饶曾沙养鞠须丰关相查荆红游权"
    "盖益桓公仝岳帅苟肖闫付邸佟丛原覃邝岩麦代覃佘商肇揭楚区涂迟年晋钮原鄢"
    "滑羿鱼訾隋冒琴屈芦仇訚郄蔚檀晏佀芈栗练植税拓撒钭庹税鲜犹钏雒冶念过哈鄂束续占尧赫操矣阳逯邸撒卯"
    "兰谌仝冼牟矫栗佴仉勾宾衣辜阙雒琚苌贠植昝厍亓逄蒯佴郜蓟邰逯仉缑郈嵇酆扈郏邴郗郤殳夔乜竺谯笪璩郦濮裘"
)
RARE = "但来能家融空戈后漆丘朴操官鹿木敬占粟苑楼尧充慕宦慎终暨国禄庾毋雍亢况水经贲隆巢山怀籍海法赏哈爱展战英门修"
"""Surnames that begin everyday words: a name only with a title of respect behind them, or 老 or 小 before."""
_COMPOUND = (
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 "
    "公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 令狐 百里 呼延 东郭 南门 西门 "
    "相里 富察 轩辕 耶律 叶赫 那拉 瓜尔佳 钮祜禄 公良 夹谷 宰父 谷梁 段干 羊舌 微生 梁丘 左丘 东里 南郭 北宫 亓官 司寇 子车 颛孙 巫马 公西 漆雕 乐正 壤驷 第五 纳兰 拓跋 完颜 爱新觉罗"
)
# Words of two or three signs that begin like a name and are none.
_NOT_NAMES_WORDS = (
    "方案 安灯 安防 安全 安装 包装 包材 成本 成品 成套 时间 时效 项目 计划 单价 车间 车辆 车载 高铁 "
    "高温 高新 高端 高校 方便 周一 周二 周三 周四 周五 周六 周日 周末 周期 周边 明天 明年 明细 明确 "
    "万元 许可 家具 云端 云仓 云盘 云服务 云平台 华东 华南 华北 华中 白酒 黄酒 黄金 马达 马上 石材 "
    "石化 石油 金属 毛利 毛坯 毛绒 严格 常规 常用 常年 向量 边缘 解决 应用 应急 查询 温度 温控 温室 "
    "游戏 文档 文旅 文创 文具 文化 广告 广东 东南 东北 通信 通讯 通用 通知 农业 农机 农产品 能耗 平台 "
    "平板 平均 关注 关键 相机 全部 全国 全套 全屋 全厂 花卉 花园 商城 商务 商场 商贸 商品 元件 元器件 "
    "管理 管道 管材 路由 路灯 路政 强电 燕窝 牛奶 羊毛 羊绒 鱼饲料 米业 贝类 龙头 富余 宣传 宣发 封装 "
    "封测 程序 步骤 别墅 别的 连接 连锁 简单 容器 容量 利润 利率 利息 曲线 索赔 索引 从事 印刷 印染 "
    "车床 车队 车险 房产 房地产 任务 任何 乐器 康养 康复 双方 双创 支付 支架 支持 干净 干燥 应收 应付 "
    "雷达 麻烦 司机 丰富 党建 党务 公司 公交 公路 公安 公益 公寓 公网 代理 代工 代码 年底 年初 年后 "
    "年前 年内 原料 原材料 区块链 楚天 红酒 红木 游乐 权限 盖板 水泥 高低压 汽配 项目部 计划部 查一下 "
    "和平台 成交 成立 成都 施工 经理 总经理 董事 董事长 广州 常州 温州 福州 宿迁 金华 江苏 江西 安徽 "
    "云南 海南 甘肃 宁夏 宁波 石家庄 乌鲁木齐 马鞍山 连云港 景德镇 平顶山 万吨 万台 百万 牧场 农场 "
    "单位 代工 施工 高工 金工 木工 水工 海工 化工 老公 老婆 老客户 老实 小姐 单子 线索 合同 报价 价格 需求 付款 细节 技术 进度 条款 交付 产品 样品 验收 业务 冷链 冷库 冷藏 冷冻 冷饮 冷气 安环 安检 安保 董事会 黄焖 堵车 干嘛 边界 和解 党委 全名 全称 时候 金融 路桥 "
    "曲轴 钢材 车床 燕麦 房屋 温泉 宫颈 游艇 游泳 易损 伍金 汤料 池州 毛巾 雷射 经费 鲜花 海鲜 高尔夫 钟点 岳父 "
    "苗木 苗圃 药店 陶瓷 梁板 钟表 池塘 席位 房间 温泉 越南 巴西 蒙古 高级 高价 高速 高压 于是 那个 "
    "那边 都是 都要 都有 须要 相关 关于 通过 应该 有限 成功 能源 项目经理 全自动 半自动 双面板 平面图 "
    "金加工 石墨烯 高分子 高性能 单晶硅 管理员 关键词 易用 易拉罐 牛仔裤 华为 万科 万达 金蝶 安踏 方太 "
    "顾家 雷士 荣耀 蒙牛 燕京 汤臣 申通 康师傅 温湿度 支付宝"
)
_NOT_NAMES = frozenset(_NOT_NAMES_WORDS.split())
_THING_END = re.compile(
    "(?:系统|软件|平台|方案|项目|[机器件板材料品线车网厂店业云库仓具费款率量表单卡码版端类型号])$"
)

POST_OF_ONE = "总监|总工|站长|副院长|副校长|副局长|副主任|副处长|副科长|副所长|主任|院长|校长|所长|科长|局长|处长|馆长|站长|股长|庭长|园长|厂长|部长|主管|经理|警官|老师|书记|镇长|区长|店长|教授|医生|队长|先生|女士|小姐"
"""Posts by which one is addressed, behind a surname that need be in no list: 战所长, 门主任."""
NO_SURNAME = (
    "副总正老大小本原前新该各女男院校科处系组部团店站厂区县市省乡镇村班段室会党行支分所局厅司主执常代助理级一二三四五六七八九十两几个位名的是有找见给跟和与到在去叫请陪"
    "说问他她你我们这那让被把约等催对向从由为以及或但就还都也要想来回带送打加发拜访联系客户方人家了过好另位员设检采财后务教技信办管工项售护物质销法运供其某学业中心班任做当升调"
)
_TRANSLIT = (
    "阿巴特尔扎西顿珠卓玛次仁才旦多吉买提古丽艾力江热合曼吐逊努木拉依不都呼和格日勒图其斯琴高娃乌云塔娜苏德那"
    "朝鲁白央金平措旺堆洛桑丹增迪帕孜莱沙夏娅尼牙亚森约麦迈卡哈提别克叶克孜萨达吉布赛恩俄珍仓姆嘎玛贡觉晋米"
    "岩热孜万布普索南温波智让英叶尔肯库班江央拉加贡贾秋"
    "岗坚赞索朗措伊斯马坎肉孜帖依拜如仙汗木江敖登格根其其毕力嘎宝音巴雅尔满都"
)
TRANSLITERATED = f"[{_TRANSLIT}]{{2,7}}"
"""A Uyghur, Tibetan, Mongol or Kazakh name, by the signs such names are written with: 阿不都热西提, 呼和巴特尔."""
_TITLE_OF_RESPECT = (
    "总经理|副总|总监|总工|总|總|工|姐|哥|老师|先生|女士|小姐|太太|老板|老板娘|经理|主任|主管|董事长|"
    "董|厂长|局长|局|处长|处|院长|科长|校长|所长|部长|队长|店长|教授|医生|秘书|书记|会计|博士|师傅|"
    "课长|行长|会长|站长|馆长|股长|警官|队|支队长|大队长|副院长|副校长|副局长|副主任|副处长|副科长|副所长|副部长|工程师|台长|镇长|村长|园长|庭长|船长|教练|大夫|主席|总裁|助理|姨|叔"
)
RESPECT_OUTRIGHT = "院长|校长|科长|处长|所长|站长|股长|医生|警官|教授|总经理|副总|经理|主任|厂长|总监|主管|部长|老师|先生|女士|老板|局长|院长|书记|大哥|大姐"
HONORIFIC = re.compile(
    rf"(?:[老小]?(?:{'|'.join(_COMPOUND.split())}|[{SINGLE}{RARE}]))(?:{_TITLE_OF_RESPECT})"
    rf"|{TRANSLITERATED}(?:{POST_OF_ONE})"
    rf"|[老小阿](?!时|板|师|家|区|组|米|包|车|高|于|孔|年|干|厂|总|麦|房|花|虫|树|山|水|经|海|法)[{SINGLE}{RARE}]|阿(?![里尔拉伯根富坝])[一-鿿]"
)
"""How people name somebody without the full name: 王总, 李工, 司徒助理, 老谷, 小佘."""
COMPOUND_LIST = tuple(_COMPOUND.split())
COMPOUND = f"(?:{'|'.join(COMPOUND_LIST)})"
CHINESE_NAME = re.compile(
    rf"(?:(?:{'|'.join(_COMPOUND.split())})[一-鿿]{{1,2}}|[{SINGLE}][一-鿿]{{1,2}}|[一-鿿]{{2,6}}·[一-鿿·]{{2,10}})"
)
SURNAME = re.compile(rf"{'|'.join(_COMPOUND.split())}|[{SINGLE}]")

RARE_NAME = re.compile(
    f"[{RARE}](?![业场所部门区路桥链库存货证销商处理台控机])[一-鿿](?![化器机店场库性员商型品区证线])[一-鿿]"
)
"""A full name under a surname that is an everyday word: a name only where one is expected (操德胜)."""

_TITLE_TAIL = (
    "经理|總經理|總監|總裁|总监|总裁|董事长|董事|副总|主任|主管|部长|科长|处长|局长|院长|校长|所长|"
    "厂长|店长|馆长|会长|站长|组长|课长|队长|行长|主席|负责人|工程师|总工|设计师|架构师|顾问|专员|助理|"
    "秘书|采购员|业务员|会计|园长|庭长|检察长|秘书长|主编|船长|教练|技师|老板|老板娘|合伙人|创始人|法人|总经办|总办|教授|医生|护士长|书记|县长|"
    "镇长|博士|主理人|店主|馆主|老板娘|运营|会计|工会主席|合伙人|总助|理事长|厂办|校办|院办|跟单|老细|董秘|监理|科员|干事|文员|内勤|出纳|库管|统计|计划员|质检员|护士|厨师长|行政总厨|总厨|班长|工长|线长|拉长|段长|矿长|场长|社长|乡长|区长|支书|委员|律师|药师|医师|讲师|分析师|辅导员|调度员|联合创始人|投资人|股东|联络员|管理员|总调度|领班|副科长|副处长|副局长|副院长|副校长|副馆长|副所长|副部长|副站长|股长|警官|庭长|买手|掌柜|当家|管家|调度|CEO|CTO|CIO|COO|CFO|CMO|CDO|VP|GM|HRD|HRBP|PM"
)
_TITLE_WORDS = (
    "采购|财务|行政|人事|技术|运营|信息|研发|生产|销售|市场|品质|质量|设备|工程|项目|产品|物流|仓储|"
    "供应链|IT|HR|大区|区域|高级|资深|首席|执行|常务|副|总|助理|法务|售后|客服|工艺|安环|数字化|信息化|"
    "车间|部门|业务|招商|渠道|战略|投资|基建|后勤|教务|医务|设计|测试|电商|门店|商务|外贸|安环|安全|安保|能源|动力|装备|仓库|质检|检验|科研|网络|品牌|运维|实施|策划|培训|党群|审计|"
    "综合|总裁办|总经办|董事长|动力|电气|机电|机修|维修|保障|教学|护理|药剂|影像|餐饮|厨政|客房|营销|内容|直播|新媒体|用户|会员|加盟|拓展|开发|选品|计划|生管|品控|品管|品保|结构|硬件|软件|算法|大数据|"
    "智能制造|精益|土建|暖通|弱电|园林|预算|造价|税务|资金|风控|合规|内控|证券|资产|设施|实训中心|实验室|信息科|办公室|检验科|设备科|装备科|总务处|教务处|后勤处|采购办|数字化办公室|客户|大客|物业|工务|厂务|"
    "合约|成本|数据|资材|资讯|海务|机务|船务|注册|教研|总务|信息中心|调度中心|数字化中心|技术中心|研发中心|客服中心|"
    "运营中心|值班|大客户|渠道|国际|国内|海外|进出口|华东|华南|"
    "华北|西南|集团|分公司|公司"
)
POST_TAIL = rf"(?:副)?(?:{_TITLE_TAIL})"
TITLE = re.compile(
    rf"[A-Za-z0-9一-鿿/&]{{0,8}}?(?:{_TITLE_TAIL})(?:助理)?|[一-鿿A-Z]{{1,6}}部|采购|财务|行政|人事|文员|后勤|总务|教务"
)
KNOWN_TITLE = re.compile(
    rf"(?:{_TITLE_WORDS}){{0,3}}(?:部|科|处)?(?:{_TITLE_TAIL})(?:助理)?|(?:{_TITLE_WORDS})部"
)
FUNCTION = re.compile(rf"(?:做|管|负责|搞)?(?P<f>(?:{_TITLE_WORDS}|跟单){{1,2}}(?:部|科|处)?)的")
"""What somebody does, said in passing: 采购的, 设备部的, 管采购的."""
_NO_TITLE_WORDS = "东部 西部 南部 北部 中部 内部 外部 全部 总部 局部 俱乐部"
_NO_TITLE = frozenset(_NO_TITLE_WORDS.split())

LATIN_TITLE = (
    r"(?:(?:lab|sales|marketing|sourcing|purchasing|product|project|operations|store|office|general) (?:manager|head|director|lead)(?![A-Za-z])|[A-Z][a-z]{2,12} & [A-Z][a-z]{2,12} (?:Manager|Director)(?![A-Za-z])|(?:(?:Associate|Senior|Vice|Chief|General|Sales|Marketing|Purchasing|Procurement|Operations|Product|Project|Plant|"
    r"Technical|IT|HR|Junior|Lead|Deputy|Assistant|Key|Finance|Managing|Executive|Account|Supply|Chain|Quality|Engineering|Regional|Business|"
    r"Development|Technology|Information|Financial) ){0,4}"
    r"(?:Manager|Director|President|Officer|Engineer|Buyer|Supervisor|Founder|Owner|Partner|Consultant|"
    r"CEO|CTO|CIO|COO|CFO|CMO|VP|GM|PM|Specialist|Professor|Lecturer|Secretary|Chairman|Scientist|Researcher|Accountant|Merchandiser|Executive|Architect|Analyst|Lead)(?![A-Za-z一-鿿])(?: of [A-Z][a-z]{2,20})?)"
)
LATIN_COMPANY = (
    r"(?:[A-Z0-9][A-Za-z0-9&.'-]{0,30} (?:(?:&|of|and) )?){0,5}[A-Z0-9][A-Za-z0-9&'-]{0,30},? (?:\([A-Z][a-z]{2,20}\) )?"
    r"(?:Co\.?,? ?Ltd|Ltd|Limited|Inc|LLC|GmbH|AG|Corp|Corporation|Company|Group|Holdings|PLC)(?![A-Za-z])\.?"
)
LATIN_NAME = rf"[A-Z][a-z]{{1,20}} [{SINGLE}](?![一-鿿])|" r"[A-Z][a-z]{1,20}(?: [A-Z]\.)?(?: [A-Z][a-z'’-]{1,20}){1,2}(?![A-Za-z0-9@])"

_TRADES = (
    "制造 汽车 汽配 汽车零部件 医药 医疗 医疗器械 新能源 零售 教育 金融 软件 物流 建筑 化工 电子 食品 "
    "纺织 服装 互联网 餐饮 酒店 旅游 房地产 地产 能源 电力 钢铁 冶金 机械 装备制造 家电 家具 家居 包装 "
    "印刷 造纸 农业 畜牧 渔业 矿业 环保 通信 半导体 芯片 集成电路 光伏 锂电 储能 航空 航天 船舶 "
    "轨道交通 交通 交通运输 运输 快消 快消品 日化 美妆 母婴 电商 跨境电商 贸易 外贸 批发 传媒 广告 "
    "文旅 文化 游戏 体育 政府 政务 公共事业 军工 银行 保险 证券 咨询 法律 人力资源 服务 建材 陶瓷 玻璃 "
    "塑料 橡胶 五金 模具 仪器仪表 电气 电机 照明 安防 石油 石化 煤炭 水务 燃气 生物医药 生物 制药 "
    "保健品 酒水 白酒 饮料 乳制品 烟草 珠宝 玩具 鞋服 皮革 高科技 科技 IT 信息技术 人工智能 "
    "manufacturing retail healthcare education finance logistics automotive software electronics "
    "pharma food construction energy chemicals hospitality telecom government agriculture textiles"
)
_TRADE = frozenset(_TRADES.split())
TRADE_SPOKEN = re.compile(
    f"({'|'.join(sorted((t for t in _TRADE if not t.isascii()), key=len, reverse=True))})行业"
)

PUBLIC = (
    "人民医院|保健院|医院|卫生院|诊所|门诊部|附院|敬老院|养老院|福利院|护理院|疗养院|法院|检察院|研究院|设计院|农科院|剧院|影院|"
    "大学|学院|学校|中学|小学|初中|高中|附中|附小|职高|中专|技校|党校|职院|师院|医专|师专|煤校|校区|幼儿园|"
    "(?<=[一-鿿][第一二三四五六七八九十市县省州])[一二三四五六七八九十]{1,2}[中小](?![级学时年月])|(?<=[一-鿿第])[一二三四五六七八九十]{1,2}[中小院](?![级学时年月长务])|"
    "(?:公安|教育|教体|卫健|卫生|税务|财政|审计|气象|水利|林业|农业|农业农村|环保|生态环境|住建|交通|民政|司法|人社|市监|市场监管|监管|监督管理|"
    "行政审批|应急管理|应急|城管|规划|统计|文旅|体育|商务|科技|供电|自来水|邮政|铁路|公路|海事|水务|国土|工信|药监|医保|消防)(?:分)?局(?!长)|公安分局|"
    "派出所|司法所|研究所|事务所|鉴定所|药检所|质检所|检测所|交易所|看守所|(?:卫健|卫计|发改|住建|国资|经信|编|政法|农)委(?!员)|(?:管|居|村|党工|管理|居民|村民)委会|委员会|"
    "街道办事处|街道办|镇政府|区政府|县政府|市政府|政府|教育和体育局|文化和旅游局|教育厅|水利厅|财政厅|卫生厅|政务大厅|疾控中心|疾控|"
    "(?:预防控制|职教|采购|推广|颐养|养老|康养|康复|质检|检测|检验检测|监测|政务服务|服务|救助|急救|体检|文化|会展|体育|血液|托育|交易|就业|气象|技术推广|活动)中心(?!主任|的主任)|"
    "血站|装备站|检测站|质检站|监测站|防疫站|加油站|变电站|救援支队|[支大总]队|博物馆|图书馆|美术馆|体育馆|科技馆|档案馆|文化馆|"
    "银行|支行|信用社|供销社|出版社|报社|电视台|动物园|植物园|殡仪馆|监狱|电厂|水厂|油田|煤矿|铁矿|林场|景区|机场|物流园"
)
"""What the names of hospitals, schools, offices and other institutions end with."""
FIRM_END = (
    f"{PUBLIC}|"
    "有限责任公司|股份有限公司|有限公司|股份公司|分公司|公司|集团|控股|股份|商行|工作室|合作社|总厂|酒店|商会|协会"
)
FIRM = re.compile(rf".{{2,40}}?(?:{FIRM_END})(?:\([一-鿿]{{2,8}}\))?(?:.{{2,6}}分公司)?")
GOODS = (
    "修造|造船|不锈钢|线路板|电路板|连接器|紧固件|标准件|密封件|结构件|冲压件|齿轮箱|减速机|压缩机|变压器|断路器|传感器|传感|电磁阀|热交换器|换热器|锅炉|风机|电梯|"
    "塑模|模塑|注塑|吹塑|钢构|钢结构|管业|泵业|建陶|卫厨|厨具|厨电|小家电|炊具|餐具|家纺|毛纺|棉纺|棉纺厂|织造|针织|羊绒|羽绒|皮具|箱包|童装|女装|男装|内衣|制鞋|"
    "坐椅|座椅|床垫|沙发|木作|地板|门窗|幕墙|涂料|油漆|胶粘剂|树脂|薄膜|纸箱|彩印|文具|乐器|护理|纸品|日化|洗涤|香精|饲料|种苗|苗木|花卉|果蔬|生鲜|调味品|肉联|屠宰|烟草|酿酒|"
    "模型|数控|机床|激光|超声|光学|光电子|芯片|微电子|电池|电源|充电桩|电力|风电|水电|热力|燃气|石油|石化|矿山|冶金|铸锻|热处理|表面处理|电镀|喷涂|焊接|"
    "检测|检验|咨询|设计|监理|测绘|勘察|安防|消防|弱电|智造|云仓|仓储|货运|货代|报关|旅游|会展|婚庆|影视|动漫|游戏|传播|公关|人力|劳务|财税|投资|担保|融资租赁|典当|拍卖|"
    "书屋|书店|书社|小筑|民宿|客栈|会所|面馆|餐馆|饭馆|菜馆|茶楼|茶社|茶馆|酒家|酒楼|大酒店|饭店|餐厅|食堂|食府|厨房|小厨|私房菜|火锅店|火锅|烧烤|烤鱼|烤鸭|串串|麻辣烫|米粉|牛肉面|拉面|水饺|饺子|汤包|包子|鸭脖|卤味|炸鸡|汉堡|奶茶|咖啡|茶饮|轻食|面包|蛋糕|甜品|糕点|"
    "理发店|理发|发廊|造型|美甲|美睫|影楼|摄影|婚纱|花店|鲜花|鲜切花|便利店|水果店|母婴店|药房|大药房|体检|酱园|酒坊|油坊|茶庄|家具城|报关行|拍卖行|典当行|租车|度假村|乐园|俱乐部|瑜伽|舞蹈|跆拳道|游泳馆|台球|网咖|电竞|剧本杀|密室|月子会所|跨境|外贸|互娱|娱乐|文娱|电商|直播|MCN|代运营|广告|策划|文创|礼品|茶叶|酒水|海味|干货|特产|冻品|面粉|粮行|米行|组委会|研究会|基金会|联合会|工会|"
    "眼科|骨科|牙科|中医馆|月子中心|培训中心|早教|托管|书院|艺校|武校|琴行|养生|足浴|美容|美发|宠物|兽医|医学|基因|诊断|疫苗|药厂|药品|中药|饮片|医械"
)
"""Goods and trades that a firm's name ends with, beside the branches."""
_BRANCH = (
    f"{GOODS}|"
    "科技|智能|电子|食品|汽车|化工|物流|制药|医药|医疗|能源|材料|新材|机械|重工|电机|仪器|光电|模具|"
    "线缆|鞋材|印染|酒业|[一-鿿]业|技术|信息|网络|软件|贸易|商贸|实业|工业|电气|电器|自动化|机器人|"
    "环保|生物|家居|家具|服饰|服装|纺织|建材|建设|建筑|装饰|传媒|文化|教育|餐饮|汽配|配件|零部件|精工|"
    "精密|半导体|新能源|光伏|锂电|储能|动力|装备|设备|仪表|阀门|轴承|钢铁|铝业|塑胶|橡胶|包装|印刷|"
    "纸业|乳业|饮料|茶业|农牧|种业|水泥|陶瓷|玻璃|船舶|航空|轨道|供应链|快递|速运|超市|百货|制衣|针织|"
    "照明|通信|电缆|五金|建工|文旅|冷链|水产|纺机|工贸|船务|传动|航运|锻造|铸造|灯饰|卫浴|厂|商城|药房|药业|健康|地产|置业|酒店|旅行社|工厂|电商|工程|汽贸|汽修|物业|口腔|诊所|幼教|幼儿园|民宿|生态|粮油|液压|火锅|烘焙|研学|法院|检察院|医美|健身|园林|连锁|影院|律所|数码|通讯|塑料|铸件|锻件|印务|重卡|饰品|美妆|动物医院|水泵|塑业|酒庄|酒厂|货站|航空|玩具城|照明|庄园|驾校|养殖场|农场|矿场"
)
BRANCH_WORDS = _BRANCH.replace(
    "|[一-鿿]业",
    "|实业|农业|酒业|矿业|渔业|牧业|林业|工业|铝业|纸业|乳业|茶业|种业|药业|置业|水务|重工|股份|制造|集团|配件|装备|"
    "米业|糖业|面业|鞋业|木业|板业|门业|锁业|车业|果业|盐业|影业|粮业|肉业|蛋业|菌业|瓷业|袜业|塑业|铜业|钢业|钛业|锂业|硅业|革业",
)
BRANCH_NAMED = re.compile(rf"[A-Za-z0-9一-鿿()&]{{2,16}}?(?:{_BRANCH})")

WISH = re.compile(
    "(?<![理联梦畅])想|要|需|求|找|换|买|咨询|了解|预算|預算|報價|报价|试用|演示|上一?套|系统|软件$|方案|平台$|"
    "项目|对接|打算|准备|考虑|看看|看下|合作|询价|升级|改造|定制|解决|现在|目前|希望|尽快|下周|下个?月|明天|今年|明年|去年|年底|"
    "没有|有意|感兴趣|他们|我们|很|怎么|多少|管理$|行业|ERP|MES|CRM|WMS|PLM|SRM|APS|LIMS|QMS|SCADA|OA|TMS|SaaS|BI|AGV|"
    r"\b(?:needs?|wants?|looking|interested|require[sd]?|budget|demo|quote|asap|please)\b",
    re.IGNORECASE,
)
WISH_VERB = re.compile(
    "(?<![理联梦畅])想|上(?=一?[套个]|线|系统|[A-Z])|[要求找换买做]|需要|咨询|了解|打算|准备|考虑|希望|他们|我们|请|帮"
)


def is_trade(word: str) -> bool:
    """Whether the word is a trade, bare or with 业 or 行业 behind it."""
    plain = word.lower() if word.isascii() and word != "IT" else word
    return any(form in _TRADE for form in (plain, plain.removesuffix("业"), plain.removesuffix("行业")))


def is_name(word: str) -> bool:
    """Whether the word looks like a Chinese full name."""
    if is_transliterated(word):
        return True
    if (
        CHINESE_NAME.fullmatch(word) is None
        or word in _NOT_NAMES
        or word[-1] in "部了吗嘛么呢吧的"
        or len({*word}) == 1
        or is_trade(word)
    ):
        return False
    if word[1:] in _NOT_NAMES:
        return False  # 谈|方案
    return len(word) < 3 or word[:2] not in _NOT_NAMES or _THING_END.search(word) is None


def is_respect(word: str) -> bool:
    """Whether the word is an address and no everyday word: 王总, 李工, and no 代工."""
    return HONORIFIC.fullmatch(word) is not None and word not in _NOT_NAMES


def may_be_name(word: str) -> bool:
    """Whether the word is a full name where a name is expected, of a rare surname too."""
    return is_name(word) or RARE_NAME.fullmatch(word) is not None


def is_transliterated(word: str) -> bool:
    long = len(word) > 2 < len({*word, ""}) and re.fullmatch(TRANSLITERATED, word) is not None
    return long and leading_place(word) is None and word != "阿里巴巴"


POST = re.compile(rf".*(?:{_TITLE_TAIL})(?:助理)?")
"""A post, and no department alone."""
DEPARTMENT = re.compile(rf"(?:{_TITLE_WORDS}){{1,2}}(?:部|科|处)?")


def is_title(word: str) -> bool:
    """Whether the word looks like a post or a department."""
    return TITLE.fullmatch(word) is not None and word not in _NO_TITLE and WISH_VERB.search(word) is None
