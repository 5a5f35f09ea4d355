// The pretend CRM's pages. What matters for BonusBridge is `showCard`: all that a CRM has to do to embed the deal card.

import { WORDS } from "/static/words.js";

const query = new URLSearchParams(location.search);
const lang = (query.get("lang") ?? navigator.language).startsWith("zh") ? "zh" : "en";
const words = WORDS[lang];
const locale = { en: "en-US", zh: "zh-CN" }[lang];
document.documentElement.lang = { en: "en", zh: "zh-Hans" }[lang];

const [top, main] = [document.querySelector("header.top"), document.querySelector("main")];

function node(selector, properties = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  const element = Object.assign(document.createElement(tag), properties);
  if (classes.length) element.className = classes.join(" ");
  element.append(...children.flat().filter((child) => child !== null));
  return element;
}

async function call(path, body) {
  const options = body ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {};
  const response = await fetch(path, options);
  return response.ok ? response.json() : null;
}

const money = ({ amount, currency }) => amount === null ? "–"
  : new Intl.NumberFormat(locale, { style: "currency", currency, maximumFractionDigits: 0 }).format(amount);
const day = (text) => text ? new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(text.slice(0, 10))) : "–";
const here = (path, changes = {}) => {
  const kept = new URLSearchParams(Object.entries({ lang: query.get("lang"), ...changes }).filter(([, value]) => value));
  return kept.size ? `${path}?${kept}` : path;
};

function showTop(me) {
  const switched = here(location.pathname, { lang: lang === "en" ? "zh" : "en", scope: query.get("scope") });
  top.replaceChildren(
    node("a.brand", { href: here("/") }, node("span.logo"), "Harbour CRM"), node("span.pretend", {}, words.pretend), node("span.grow"),
    node("a.language", { href: switched }, words.language),
    ...(me ? [node("span.me", {}, node("strong", {}, me.name), node("small", {}, me.title)),
      node("button", { type: "button", onclick: signOut }, words.signOut)] : []));
}

async function signOut() {
  await call("/api/sign-out", {});
  location.reload();
}

function showSignIn(people) {
  main.replaceChildren(node("section.sign-in", {}, node("h1", {}, words.signIn), node("p", {}, words.signInText),
    node("ul", {}, people.map(({ email, name, title }) => node("li", {}, node("button.person", { type: "button", onclick: async () => {
      await call("/api/sign-in", { email });
      location.reload();
    } }, node("span.avatar", {}, name.split(" ").map((part) => part[0]).join("").slice(0, 2)),
    node("span", {}, node("strong", {}, name), node("small", {}, title))))))));
}

async function showDeals() {
  const scope = query.get("scope") === "all" ? "all" : "mine";
  const { total, deals } = await call(`/api/deals?scope=${scope}`);
  const choice = (name) => {
    const link = node(scope === name ? "a.chosen" : "a", { href: here("/", { scope: name }) }, words[name]);
    if (scope === name) link.setAttribute("aria-current", "page");
    return link;
  };
  const head = [words.name, words.account, words.owner, words.stage, words.amount, words.close];
  const rows = deals.map((deal) => node("tr", {},
    node("td", {}, node("a", { href: here(`/deals/${encodeURIComponent(deal.id)}`) }, deal.name)),
    node("td", {}, deal.account ?? "–"), node("td", {}, deal.owner ?? "–"), node("td", {}, node("span.stage", {}, deal.stage ?? "–")),
    node("td.number", {}, money(deal)), node("td", {}, day(deal.closeDate))));
  main.replaceChildren(node("section.list", {},
    node("div.title", {}, node("h1", {}, words.deals), node("nav", {}, choice("mine"), choice("all")), node("span.count", {}, words.shown(deals.length, total))),
    deals.length === 0 ? node("p.none", {}, words.none)
      : node("div.scroll", {}, node("table", {}, node("thead", {}, node("tr", {}, head.map((title) => node("th", { scope: "col" }, title)))), node("tbody", {}, rows)))));
}

async function showDeal(ref, card) {
  const deal = await call(`/api/deals/${encodeURIComponent(ref)}`);
  if (!deal) return main.replaceChildren(node("p.none", {}, words.missing));
  document.title = `${deal.name} · Harbour CRM`;
  const field = (label, value) => node("div", {}, node("dt", {}, label), node("dd", {}, value ?? "–"));
  const place = node("div.card-place");
  main.replaceChildren(node("article.deal", {},
    node("header.deal-head", {}, node("p.crumb", {}, node("a", { href: here("/") }, words.deals), " / ", deal.account ?? ""), node("h1", {}, deal.name),
      node("dl.strip", {}, field(words.amount, money(deal)), field(words.close, day(deal.closeDate)), field(words.stage, deal.stage), field(words.owner, deal.owner))),
    node("section.details", {}, node("h2", {}, words.details), node("dl", {},
      field(words.account, deal.account), field(words.owner, deal.owner), field(words.type, deal.type),
      field(words.source, deal.leadSource), field(words.probability, deal.probability ? `${deal.probability}%` : null),
      field(words.created, day(deal.createdDate)), field(words.nextStep, deal.nextStep)),
    ...listed(words.products, deal.products.map(({ name, quantity, total }) =>
      [name ?? "–", `${Number(quantity ?? 1)} ×`, money({ amount: total, currency: deal.currency })])),
    ...listed(words.team, deal.team.map(({ name, percentage }) => [name ?? "–", "", `${Number(percentage)}%`]))),
    node("aside.side", {}, node("h2", {}, words.bonus), place)));
  return showCard(place, card, deal.id);
}

/** A heading and rows of cells, if there are any. */
function listed(title, rows) {
  if (!rows.length) return [];
  return [node("h2", {}, title), node("table", {}, node("tbody", {}, rows.map((cells) => node("tr", {}, cells.map((cell) => node("td", {}, cell))))))];
}

/** The whole of embedding: one call, and a function that gives a token for whoever is signed in here. */
async function showCard(place, { api, source }, ref) {
  const { embedDeal } = await import(`${api}/widgets/frame.js`);
  const getToken = async () => (await call("/api/card-token", { deal: ref }))?.token ?? null;
  embedDeal(place, { api, source, ref, lang: document.documentElement.lang, title: words.bonus, getToken });
}

const { me, people, card } = await call("/api/session");
showTop(me);
const opened = location.pathname.match(/^\/deals\/(.+)$/);
if (!me) showSignIn(people);
else if (opened) await showDeal(decodeURIComponent(opened[1]), card);
else await showDeals();
