// What the page's own chrome says, in both languages, and how it writes times. What is in the chats comes from the server.

const WORDS = {
  zh: {
    title: "线索铃 模拟器", clock: "模拟时钟", controls: "控制", push: "推进时钟", outage: "平台中断", team: "按团队筛选", allTeams: "全部团队",
    phones: "显示的手机", people: "人员", bot: "线索铃", newer: "↓ 新消息", location: "发送位置", voice: "发送语音", image: "发送图片",
    send: "发送", cancel: "取消", place: "地点", placeName: "名称（可改）", said: "说了什么", file: "选择图片", sample: "不选就发一张示例名片。",
    on: "值班", off: "休息", live: "待处理", done: "已处理", dead: "已失效", left: "剩", late: "超时", day: "天", hour: "小时", choose: "请选择",
    unfold: "展开", fold: "收起", write: "发消息", writeTo: (n) => `以${n}的身份发消息`, phoneOf: (n) => `${n}的手机`, unread: (n) => `${n} 条新消息`,
    seconds: (n) => `语音 ${n}″`, voicePlain: "语音", picture: "图片", zoom: "放大或缩小图片", streaming: "实时", polling: "每 3 秒刷新", lost: "连不上，正在重试",
    outageOn: "平台中断中：卡片和消息发不出去，恢复后补发", nobody: "没有显示的手机。在“显示的手机”里勾选。", jumped: (t) => `时钟到 ${t}`,
    failed: (why) => `没有成功：${why}`, offline: "网络断了，内容还在，请再试一次", empty: "还没有消息。点 /help 看看能做什么，或点 /lead… 提交一条线索。", pressed: "已提交",
    roles: { employee: "员工", rep: "销售", marketer: "市场", expert: "专家", manager: "经理", director: "总监", admin: "管理员" },
  },
  en: {
    title: "Leadbell simulator", clock: "Sim clock", controls: "Controls", push: "Push the clock", outage: "Outage", team: "Filter by team", allTeams: "All teams",
    phones: "Phones shown", people: "People", bot: "Leadbell", newer: "↓ New messages", location: "Send a location", voice: "Send a voice message", image: "Send a picture",
    send: "Send", cancel: "Cancel", place: "Place", placeName: "Name (may be changed)", said: "What was said", file: "Choose a picture", sample: "With none chosen, a sample business card is sent.",
    on: "On duty", off: "Off duty", live: "Open", done: "Done", dead: "Closed", left: "Left", late: "Late", day: "d", hour: "h", choose: "Choose",
    unfold: "More", fold: "Less", write: "Message", writeTo: (n) => `Write as ${n}`, phoneOf: (n) => `Phone of ${n}`, unread: (n) => `${n} new`,
    seconds: (n) => `Voice ${n}″`, voicePlain: "Voice", picture: "Picture", zoom: "Enlarge or shrink the picture", streaming: "Live", polling: "Every 3 s", lost: "No connection, trying again",
    outageOn: "Platform outage: nothing is delivered now; it is sent afterwards", nobody: "No phones shown. Tick some under “Phones shown”.", jumped: (t) => `The clock is at ${t}`,
    failed: (why) => `Did not work: ${why}`, offline: "The network failed; your text is kept, please try again", empty: "No messages yet. Press /help to see what it can do, or /lead… to hand in a lead.", pressed: "Sent",
    roles: { employee: "Employee", rep: "Sales rep", marketer: "Marketing", expert: "Expert", manager: "Manager", director: "Director", admin: "Admin" },
  },
};

export let lang = "zh", words = WORDS.zh;
export function choose(language) {
  lang = language === "en" ? "en" : "zh";
  words = WORDS[lang];
}

// The company's clock is Shanghai's, wherever the browser stands.
const inShanghai = (options) => new Intl.DateTimeFormat(lang === "zh" ? "zh-CN" : "en-GB", { timeZone: "Asia/Shanghai", ...options });
export const hm = (at) => inShanghai({ hour: "2-digit", minute: "2-digit", hour12: false }).format(at);
export const dayText = (at) => inShanghai({ month: "numeric", day: "numeric" }).format(at);
export function clockText(at) {
  return `${inShanghai({ weekday: "short" }).format(at)} ${inShanghai({ hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(at)}`;
}
/** 4:05 left is "04:05"; over an hour "1:04:05"; over a day in days and hours. */
export function spanText(ms) {
  const total = Math.floor(Math.abs(ms) / 1000), two = (value) => String(value).padStart(2, "0");
  const days = Math.floor(total / 86400), hours = Math.floor((total % 86400) / 3600);
  if (days) return `${days}${words.day}${hours}${words.hour}`;
  return `${hours ? `${hours}:` : ""}${two(Math.floor((total % 3600) / 60))}:${two(total % 60)}`;
}
