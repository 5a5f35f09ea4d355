// The parts of the card that show one estimate. Each takes the estimate and the words, and returns nodes.

import { node, styled } from "./nodes.js";

/** The amount first: large, with its minor units smaller. */
export function totalOf(estimate, formats) {
  return formats.moneyParts(estimate.total).map(({ type, value }) =>
    ["decimal", "fraction"].includes(type) ? node("span.minor", value) : value);
}

export function termsOf({ deal }, words, formats) {
  if (deal.amount === null) return words.termsWithoutAmount;
  const amount = formats.shortMoney(deal.amount);
  const terms = deal.close_on ? words.terms(amount, formats.day(deal.close_on)) : words.termsWithoutDate(amount);
  return deal.amount_basis === "list_price" ? `${terms} (${words.listPrice})` : terms;
}

export function rangeOf({ range }, words, formats) {
  if (!range) return null;
  const [low, high] = [range.closed_first, range.closed_last].sort((one, other) => one.amount - other.amount);
  return low.amount === high.amount ? null : words.range(formats.money(low), formats.money(high));
}

/** The component whose attainment the bar shows: the largest earning among those with a quota. */
function leading(components) {
  const measured = components.filter((component) => component.attainment_after !== null);
  const size = (component) => Math.abs(component.earning.amount);
  return measured.reduce((best, next) => (best && size(best) >= size(next) ? best : next), null);
}

/** What has been attained, and this deal's step on it. */
export function attainmentOf({ components }, words, formats) {
  const component = leading(components);
  if (!component) return null;
  const [before, after] = [Number(component.attainment_before), Number(component.attainment_after)];
  const end = Math.max(1.2, after, before) * 1.04;
  const at = (ratio) => `${Math.min(100, Math.max(0, (ratio / end) * 100)).toFixed(2)}%`;
  const [low, high] = [Math.min(before, after), Math.max(before, after)];
  const figures = [formats.ratio(component.attainment_before), formats.ratio(component.attainment_after)];
  const step = styled(node("span.step"), { "inset-inline-start": at(low), "inline-size": at(high - low) });
  if (after < before) step.classList.add("back");
  return node("section.attainment",
    node("div.line", node("h3", words.attainment),
      node("span.figures", node("span.from", `${figures[0]} → `), node("span.to", figures[1]))),
    node("div.bar", { role: "img", "aria-label": words.attainmentLabel(...figures) },
      styled(node("span.before"), { "inline-size": at(low) }), step,
      marks(component, end).map((ratio) => styled(node("span.mark"), { "inset-inline-start": at(ratio) }))),
    scale(at, formats),
    node("p.note", [
      words.attainmentStep(formats.points(after - before)),
      component.quota ? `${words.quota} ${formats.shortMoney(component.quota)}` : null,
      component.period.label,
    ].filter(Boolean).join(" · ")));
}

/** Bounds of tiers in attainment, and always 100 %. */
function marks({ tiers }, end) {
  const bounds = tiers.filter((tier) => tier.unit === "attainment").map((tier) => Number(tier.lower));
  return [...new Set([1, ...bounds])].filter((ratio) => ratio > 0 && ratio < end);
}

function scale(at, formats) {
  return node("div.scale", { "aria-hidden": "true" },
    node("span.first", formats.ratio("0")),
    styled(node("span", formats.ratio("1")), { "inset-inline-start": at(1) }));
}

/** Why: each component with its earning, its tiers and its reasons in words. */
export function whyOf({ components, reasons }, language, words, formats) {
  const general = reasonList(reasons, language);
  if (!components.length) return node("section.why", node("h3", words.whyNothing), general);
  const items = components.map((component, index) => node("li", oneComponent(component, index === 0, language, words, formats)));
  return node("section.why", node("h3", words.why), node("ul.components", items), general);
}

/** Reasons that the list of tiers says already. */
const SHOWN_AS_SUMS = new Set(["tier_slice", "unit_slice"]);

function reasonList(reasons, language) {
  return reasons.length ? node("ul.reasons", reasons.map(({ text }) => node("li", inLanguage(text, language)))) : null;
}

function oneComponent(component, isOpen, language, words, formats) {
  return node("details", { open: isOpen, "data-component": component.component },
    node("summary", node("span.name", inLanguage(component.title, language)), node("span.sum", formats.money(component.earning))),
    node("div.detail",
      component.tiers.length ? tierList(component.tiers, words, formats) : null,
      reasonList(component.reasons.filter(({ code }) => !SHOWN_AS_SUMS.has(code)), language),
      node("p.note", `${component.plan} · ${words.plan(component.plan_version.slice(0, 8))}`)));
}

/** Each tier as the sum it is: what falls in it × its rate = what it earns. */
function tierList(tiers, words, formats) {
  return node("ul.tiers", tiers.map((tier) => node("li",
    node("span", `${sliceOf(tier, words, formats)} × ${rateOf(tier, formats)}`, node("small", tierRange(tier, words, formats))),
    node("span.sum", formats.money(tier.earning)))));
}

function tierRange(tier, words, formats) {
  const upper = tier.upper === null ? null : bound(tier, tier.upper, formats);
  return words.tierRange(bound(tier, tier.lower, formats), upper);
}

const BOUNDS = {
  attainment: (text, _, formats) => formats.ratio(text),
  money: (text, currency, formats) => formats.shortMoney({ amount: text, currency }),
  quantity: (text, _, formats) => formats.number(text),
};

const bound = (tier, text, formats) => BOUNDS[tier.unit](text, tier.earning.currency, formats);

const sliceOf = ({ unit, slice }, words, formats) => (unit === "quantity" ? words.units(formats.number(slice.amount)) : formats.shortMoney(slice));

const rateOf = ({ unit, rate, earning }, formats) => (unit === "quantity"
  ? formats.money({ amount: rate, currency: earning.currency }) : formats.rate(rate));

/** When it is paid: one line if all of it is paid at once, else a line for each component. */
export function paymentsOf({ components, total }, language, words, formats) {
  const earning = components.filter((component) => Number(component.earning.amount) !== 0);
  if (!earning.length) return null;
  const isAtOnce = new Set(earning.map(({ payment, period }) => [payment.event, payment.expected_on, period.label].join())).size === 1;
  const lines = isAtOnce ? [{ ...earning[0], earning: total, title: null }] : earning;
  return node("section.payment", node("h3", words.payment), node("ul.payments", lines.map((line) => {
    const about = line.payment.expected_on ? words.about(formats.day(line.payment.expected_on)) : null;
    const details = [line.title && inLanguage(line.title, language), about, words.period(line.period.label)];
    return node("li",
      node("span.when", capital(words.events[line.payment.event] ?? line.payment.event), node("small", details.filter(Boolean).join(" · "))),
      node("span.sum", formats.money(line.earning)));
  })));
}

const capital = (text) => text.charAt(0).toLocaleUpperCase() + text.slice(1);

/** How fresh each input is. */
export function freshnessOf(freshness, words, formats, now) {
  return node("footer", node("span", words.freshness), freshness.map(({ source, complete_through: at }) =>
    node("span", node("b", source), ` ${at ? formats.instant(at, now) : words.neverSynced}`)));
}

/** The text in the card's language; English where a plan's author gave no other. */
const inLanguage = (text, language) => text[language] ?? text.en ?? Object.values(text)[0] ?? "";
