// <bonusbridge-deal source="crm" ref="006…" api="https://…"> with its `getToken` property set by the page.
//
// `getToken({isRefused})` gives an access token (a promise is fine); the card keeps it in memory only. Attributes `lang`
// (en, zh-Hans; by default the page's or the reader's) and `payee`. Fires "bonusbridge-shown" whenever its content changes.

import { formatsIn } from "./formats.js";
import { languageOf, messagesIn } from "./messages.js";
import { node } from "./nodes.js";
import { CallError, DealClient, Newest } from "./requests.js";
import { attainmentOf, freshnessOf, paymentsOf, rangeOf, termsOf, totalOf, whyOf } from "./sections.js";
import { sheet } from "./style.js";
import { WhatIf } from "./what_if.js";

const SETTLE_MS = 700;

export class BonusBridgeDeal extends HTMLElement {
  static observedAttributes = ["source", "ref", "api", "lang", "payee"];
  #root = this.attachShadow({ mode: "open" });
  #reading = null;
  #newest = null;
  #settled = null;
  #getToken = null;
  #client = null;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sheet];
  }

  set getToken(getToken) {
    this.#getToken = getToken;
    this.#open();
  }

  get getToken() {
    return this.#getToken;
  }

  connectedCallback() {
    this.#open();
  }

  disconnectedCallback() {
    this.#stop();
  }

  attributeChangedCallback(_, before, after) {
    if (before !== after) this.#open();
  }

  /** Reads the estimate again, keeping what is shown until the answer is there. */
  refresh() {
    return this.#read();
  }

  #stop() {
    this.#reading?.abort();
    this.#newest?.cancel();
    clearTimeout(this.#settled);
  }

  #open() {
    this.#stop();
    if (!this.isConnected || !this.#getToken || !this.getAttribute("source") || !this.getAttribute("ref")) return;
    this.language = languageOf(this.getAttribute("lang") || this.closest("[lang]")?.lang || navigator.language);
    [this.words, this.formats] = [messagesIn(this.language), formatsIn(this.language)];
    this.#client = new DealClient({
      api: this.getAttribute("api") ?? new URL(import.meta.url).origin, getToken: this.#getToken,
      source: this.getAttribute("source"), ref: this.getAttribute("ref"),
    });
    this.#replace(this.#skeleton());
    this.#read();
  }

  get #payee() {
    return this.chosenPayee ?? this.getAttribute("payee");
  }

  async #read() {
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    try {
      const answer = await this.#client.readEstimate(this.#payee, reading.signal);
      const isOfOthers = answer.estimate === null && answer.payees.length > 0 && !this.#payee;
      if (isOfOthers) this.chosenPayee = answer.payees[0].id;
      const shown = isOfOthers ? await this.#client.readEstimate(this.#payee, reading.signal) : answer;
      if (shown.estimate === null) throw new CallError("notCalculated");
      if (this.#reading === reading) this.#showEstimate(shown);
    } catch (error) {
      if (error.name !== "AbortError" && this.#reading === reading) this.#showEmpty(error);
    }
  }

  #showEstimate(answer) {
    const { estimate } = answer;
    this.baseline = estimate;
    this.parts = {
      title: node("h2"), total: node("p.total"), delta: node("p.delta", { hidden: true }), terms: node("p.terms"), range: node("p.range"),
      attainment: node("div"), why: node("div"), payment: node("div"), spoken: node("p.spoken", { role: "status" }),
      refused: node("p.error", { hidden: true, role: "alert" }, this.words.simulationRefused),
    };
    this.#newest = new Newest(
      (variation, signal) => this.#client.simulate(variation, this.#payee, signal),
      (variation) => this.#showSimulation(variation.estimate, variation.difference),
      (error) => this.#showRefusal(error));
    const whatIf = new WhatIf({ deal: estimate.deal, words: this.words, formats: this.formats, today: isoToday(), onChange: (v) => this.#changed(v) });
    const { title, total, delta, terms, range, attainment, refused, why, payment, spoken } = this.parts;
    this.card = node("article.card.two", { lang: this.language },
      node("div.column", this.#payeeChoice(answer.payees, estimate.payee),
        node("div.head", title, total, terms, delta, range), attainment, isClosed(estimate) ? null : whatIf.node, refused),
      node("div.column", why, payment, freshnessOf(answer.freshness, this.words, this.formats, new Date()), spoken));
    this.#fill(estimate, null);
    this.#replace(this.card);
  }

  #payeeChoice(payees, shown) {
    if (payees.length < 2 && (payees.length === 0 || payees[0].id === shown.id) && !this.chosenPayee) return null;
    const options = payees.map(({ id, name }) => node("option", { value: id, selected: id === shown.id }, name));
    return node("label.shown-for", this.words.showFor, node("select", { onchange: (event) => this.#choose(event.target.value) }, options));
  }

  #choose(payee) {
    this.#newest?.cancel();
    this.chosenPayee = payee;
    this.#read();
  }

  #changed(variation) {
    this.parts.refused.hidden = true;
    this.card.classList.toggle("busy", variation !== null);
    if (variation !== null) return this.#newest.push(variation);
    this.#newest.cancel();
    return this.#fill(this.baseline, null);
  }

  #showSimulation(estimate, difference) {
    this.card.classList.remove("busy");
    this.#fill(estimate, difference);
    this.#announce(this.words.announce(this.formats.money(estimate.total), this.#differenceText(difference)));
  }

  #showRefusal(error) {
    this.card.classList.remove("busy");
    if (error.kind === "refused") this.parts.refused.hidden = false;
    else this.#showEmpty(error);
    this.#tellShown();
  }

  #fill(estimate, difference) {
    const { words, formats, parts, language } = this;
    parts.title.textContent = difference ? words.simulatedTitle : this.#titleOf(estimate);
    parts.total.replaceChildren(...totalOf(estimate, formats));
    parts.terms.textContent = termsOf(estimate, words, formats);
    parts.range.textContent = difference ? "" : rangeOf(estimate, words, formats) ?? "";
    this.#fillDifference(difference);
    parts.attainment.replaceChildren(...present(attainmentOf(estimate, words, formats)));
    const opened = new Set([...parts.why.querySelectorAll("details[open]")].map((details) => details.dataset.component));
    parts.why.replaceChildren(whyOf(estimate, language, words, formats));
    for (const details of opened.size ? parts.why.querySelectorAll("details") : []) details.open = opened.has(details.dataset.component);
    parts.payment.replaceChildren(...present(paymentsOf(estimate, language, words, formats)));
    this.#tellShown();
  }

  #titleOf({ payee }) {
    return this.chosenPayee ? this.words.titleFor(payee.name) : this.words.title;
  }

  #fillDifference(difference) {
    const { delta } = this.parts;
    delta.hidden = difference === null;
    if (difference === null) return;
    const amount = Number(difference.amount);
    delta.className = `delta${amount > 0 ? " up" : amount < 0 ? " down" : ""}`;
    delta.textContent = this.#differenceText(difference);
  }

  #differenceText(difference) {
    return Number(difference.amount) === 0 ? this.words.noDifference : this.words.difference(this.formats.change(difference));
  }

  /** Tells a screen reader once the slider rests, not on every step. */
  #announce(text) {
    clearTimeout(this.#settled);
    this.#settled = setTimeout(() => { this.parts.spoken.textContent = text; }, SETTLE_MS);
  }

  #skeleton() {
    return node("div.card", { "aria-busy": "true" }, node("p.spoken", { role: "status" }, this.words.loading),
      node("div.bone.short"), node("div.bone.large"), node("div.bone"), node("div.bone"), node("div.bone.short"));
  }

  #showEmpty(error) {
    const kind = error instanceof CallError ? error.kind : "broken";
    const { title, text, remedy } = this.words[kind] ?? this.words.broken;
    const retry = node("button.solid", { type: "button", onclick: () => this.#open() }, this.words.retry);
    this.#replace(node("div.empty", { role: "status", "data-kind": kind, lang: this.language },
      node("h2", title), node("p", text), node("p.remedy", remedy), kind === "notFound" ? null : retry));
    if (!(error instanceof CallError)) throw error;
  }

  #replace(content) {
    this.#root.replaceChildren(content);
    this.#tellShown();
  }

  #tellShown() {
    this.dispatchEvent(new CustomEvent("bonusbridge-shown", { bubbles: true, composed: true }));
  }
}

/** A deal that is won or lost cannot be supposed to be different. */
const isClosed = ({ reasons }) => reasons.some(({ code }) => code === "deal_won" || code === "deal_lost");

const present = (content) => (content === null ? [] : [content]);

const isoToday = () => {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
};

customElements.define("bonusbridge-deal", BonusBridgeDeal);
