export const WORDS = {
  en: {
    pretend: "A pretend CRM for the demo", signIn: "Who are you today?", signInText: "Choose one of the company’s people. Each sees their own pay, and nobody else’s.",
    deals: "Deals", mine: "My deals", all: "All deals", name: "Deal", account: "Account", stage: "Stage", amount: "Amount", close: "Close date",
    owner: "Owner", probability: "Probability", type: "Type", source: "Lead source", created: "Created", nextStep: "Next step", details: "Details", products: "Products", team: "Split", bonus: "Bonus",
    shown: (shown, total) => `${shown} of ${total}`, none: "No deals of your own. Look at all deals.", signOut: "Switch person", missing: "There is no such deal.",
    language: "中文",
  },
  zh: {
    pretend: "演示用的模拟 CRM", signIn: "今天您是谁？", signInText: "请选择公司中的一位成员。每个人只能看到自己的薪酬。",
    deals: "商机", mine: "我的商机", all: "全部商机", name: "商机名称", account: "客户", stage: "阶段", amount: "金额", close: "成交日期",
    owner: "负责人", probability: "可能性", type: "类型", source: "线索来源", created: "创建时间", nextStep: "下一步", details: "详细信息", products: "产品", team: "分成", bonus: "奖金",
    shown: (shown, total) => `${shown} / ${total}`, none: "您名下没有商机，请查看全部商机。", signOut: "切换人员", missing: "没有这笔商机。",
    language: "English",
  },
};
