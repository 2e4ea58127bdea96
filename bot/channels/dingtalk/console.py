"""What the doctor says of DingTalk, with the names that its developer console uses, in Chinese beside
English."""

_MEANS = {
    "token": ("应用凭证正确，取到了 access_token", "the credentials are right: there is an access token"),
    "credentials": ("应用凭证不对（{why}）", "the credentials are wrong ({why})"),
    "unreachable": ("连不上钉钉（{why}）", "DingTalk can't be reached ({why})"),
    "stream": ("Stream 网关应答正常", "the Stream gateway answers"),
    "address": ("回调地址 {url}", "callbacks go to {url}"),
    "robot": ("机器人编码和权限可用", "the robot and its scope are usable"),
    "cards": (
        "互动卡片权限已开通，模板可用（试建一张，没发给任何人）",
        "cards are permitted and the template is usable (one was made and sent to nobody)",
    ),
    "odd_names": (
        "公用模板里没有这些变量：{names}",
        "the public template has no such variables: {names}",
    ),
    "public_buttons": (
        "用的是自己的模板，按钮却放在 sys_full_json_obj 里",
        "a template of your own, with its buttons inside sys_full_json_obj",
    ),
    "no_cards": (
        "没有互动卡片权限，改发带链接的消息（{why}）",
        "cards are not permitted; messages with links instead ({why})",
    ),
    "refused": ("钉钉拒绝了（{why}）", "DingTalk refuses ({why})"),
    "people": ("{count} 个账号都在通讯录里", "{count} accounts are in the organisation"),
    "missing": ("通讯录里查不到：{who}", "not to be found in the organisation: {who}"),
    "calls": ("本月接口已用 {used} / {limit} 次", "{used} of {limit} calls of this month are used"),
    "pushes": ("本月推送已收 {used} / {limit} 次", "{used} of {limit} pushes of this month came"),
}
_HINTS = {
    "credentials": (
        "开放平台 → 应用 → 凭证与基础信息，核对 Client ID 和 Client Secret",
        "console → app → credentials: compare Client ID and Client Secret",
    ),
    "unreachable": (
        "放行出站 api.dingtalk.com:443、oapi.dingtalk.com:443、wss-open-connection.dingtalk.com:443",
        "let api.dingtalk.com:443, oapi.dingtalk.com:443, wss-open-connection.dingtalk.com:443 out",
    ),
    "stream": (
        "应用 → 机器人 → 消息接收模式选 Stream，并发布版本",
        "app → robot: receive messages by Stream, and publish a version",
    ),
    "http": (
        'base_url 要写公网地址；没有公网就用 mode = "stream"',
        'base_url must be public; without a public address use mode = "stream"',
    ),
    "robot": (
        "应用 → 机器人，核对 robotCode；权限管理里开通“企业内机器人发送消息”",
        'app → robot: compare robotCode; grant the scope "qyapi_robot_sendmsg"',
    ),
    "cards": (
        "权限管理里开通 Card.Instance.Write；检查 card_template_id，模板要已发布",
        "grant the scope Card.Instance.Write; check card_template_id, and that the template is published",
    ),
    "odd_names": (
        "删掉 [dingtalk.card]，或填自己模板的 card_template_id",
        "leave [dingtalk.card] out, or set card_template_id to a template of your own",
    ),
    "public_buttons": (
        '模板按 docs/dingtalk.md 搭的话，写 [dingtalk.card] buttons = "msgButtons"',
        'if it was drawn as docs/dingtalk.md says, set [dingtalk.card] buttons = "msgButtons"',
    ),
    "people": ("权限管理里开通通讯录只读", "grant the scope to read members"),
    "missing": (
        "核对 [[people]] 的 dingtalk = userid，以及应用的可见范围；leadbell sync dingtalk 列出差异",
        "compare `dingtalk` in [[people]] and the app's visible range; leadbell sync dingtalk lists both",
    ),
    "budget": (
        "升级钉钉专业版，或等下月 1 日",
        "upgrade the DingTalk edition, or wait for the first of the month",
    ),
}


def means(key: str, **values: object) -> str:
    chinese, english = _MEANS[key]
    return f"{chinese} / {english}".format_map(values)


def hint(key: str) -> str:
    return " / ".join(_HINTS[key])
