"""What is said of the three questions that make a lead, and the words that people answer a question with that
are never the value it asked for: to stop, for help, that there is none, and small talk."""

ZH: dict[str, str] = {
    "judge.line": "三问：{answers}",
    "judge.customer": "✅特定客户",
    "judge.will": "购买意愿",
    "judge.fit": "可参与",
    "judge.is.yes": "✅{question}",
    "judge.is.yes.said": "✅{question}「{words}」",
    "judge.is.no": "❌{question}",
    "judge.is.unknown": "❔{question}不清楚",
    "judge.is.open": "❔{question}待答",
    "judge.ask.will": "三问评判（还差 {count} 问）：客户有购买意愿吗？",
    "judge.ask.fit": "三问评判（还差 {count} 问）：这个项目我们能参与吗？",
    "judge.will.yes": "有意愿",
    "judge.will.no": "没意愿",
    "judge.will.unknown": "不清楚",
    "judge.fit.yes": "能参与",
    "judge.fit.no": "不能参与",
    "judge.fit.unknown": "不清楚",
    "judge.kept": "✅ {lead}：{question}已记",
    "judge.closed": "{lead} 不算线索：{question}不成立，已作废。5 分钟内可撤销",
    "submitted.failed": "❌ 不算线索：{question}不成立，已作废",
    "reason.no_will": "没有购买意愿",
    "reason.no_fit": "我们不能参与",
    "event.judged": "三问评判",
    "verb.judge": "评判",
}

EN: dict[str, str] = {
    "judge.line": "Three questions: {answers}",
    "judge.customer": "✅ a customer",
    "judge.will": "a will to buy",
    "judge.fit": "we can take part",
    "judge.is.yes": "✅ {question}",
    "judge.is.yes.said": "✅ {question} “{words}”",
    "judge.is.no": "❌ {question}",
    "judge.is.unknown": "❔ {question}: not known",
    "judge.is.open": "❔ {question}: open",
    "judge.ask.will": "Three questions ({count} to go): does the customer want to buy?",
    "judge.ask.fit": "Three questions ({count} to go): can we take part?",
    "judge.will.yes": "Yes",
    "judge.will.no": "No",
    "judge.will.unknown": "Not known",
    "judge.fit.yes": "We can",
    "judge.fit.no": "We can't",
    "judge.fit.unknown": "Not known",
    "judge.kept": "✅ {lead}: kept ({question})",
    "judge.closed": "{lead} is no lead ({question}: no) and closed. You can undo it within 5 minutes",
    "submitted.failed": "❌ No lead ({question}: no), closed",
    "reason.no_will": "No will to buy",
    "reason.no_fit": "We can't take part",
    "event.judged": "answered one of the three questions",
    "verb.judge": "answer on",
}

STOP = frozenset({"取消", "算了", "不录了", "cancel", "stop"})
HELP = frozenset({"帮助", "help", "怎么用", "使用帮助"})
NO_VALUE = frozenset(
    {"跳过", "略过", "skip", "没有", "无", "没", "暂无", "不知道", "不清楚", "none", "no", "na"}
)

SMALL_TALK = frozenset(
    {
        "你好", "您好", "在吗", "早", "早上好", "上午好", "下午好", "谢谢", "多谢", "好", "好的", "嗯", "收到",
        "hi", "hello", "hey", "thanks", "thankyou", "ok", "okay",
    }
)  # fmt: skip
