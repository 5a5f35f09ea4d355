// The what-if controls: amount, discount and closing date. They report changes as a variation, and never wait.

import { addDays, daysBetween, parseAmount } from "./formats.js";
import { node, styled } from "./nodes.js";

const DAYS_AHEAD = 183;
const MAX_DISCOUNT_PERCENT = 40;

export class WhatIf {
  #amount;
  #discount = 0;
  #closeOn;

  /** `onChange(variation)` gets the changed fields only; null when the deal is as it stands. */
  constructor({ deal, words, formats, today, onChange }) {
    Object.assign(this, { deal, words, formats, onChange });
    this.baseAmount = deal.amount?.amount ?? null;
    this.baseCloseOn = deal.close_on ?? today;
    this.firstDay = this.baseCloseOn < today ? this.baseCloseOn : today;
    this.#amount = this.baseAmount;
    this.#closeOn = this.baseCloseOn;
    this.node = this.#build();
    this.#show();
  }

  get variation() {
    const changed = {};
    if (this.#amount !== this.baseAmount) changed.amount = this.#amount;
    if (this.#discount) changed.discount_ratio = (this.#discount / 100).toFixed(3);
    if (this.#closeOn !== this.baseCloseOn) changed.close_on = this.#closeOn;
    return Object.keys(changed).length ? changed : null;
  }

  #build() {
    const { words } = this;
    this.amountText = node("input", { type: "text", id: "amount", inputMode: "decimal", autocomplete: "off", maxLength: 24,
      oninput: () => this.#typed(), onchange: () => this.#show() });
    this.amountError = node("p.error", { id: "amount-error", role: "alert", hidden: true }, words.amountInvalid);
    this.amountText.setAttribute("aria-describedby", "amount-error");
    this.amountSlider = this.#slider(words.amount, 0, 200, () => this.#slidAmount());
    this.discountSlider = this.#slider(words.discount, 0, MAX_DISCOUNT_PERCENT * 2, () => this.#slidDiscount());
    this.discountOut = node("output", { "aria-hidden": "true" });
    this.closeSlider = this.#slider(words.closeOn, 0, this.#lastDay(), () => this.#slidDate());
    this.closeOut = node("output", { "aria-hidden": "true" });
    this.resetButton = node("button", { type: "button", hidden: true, onclick: () => this.reset() }, words.reset);
    const field = node("span.field", node("span.unit", this.deal.amount?.currency ?? this.deal.currency ?? ""), this.amountText);
    return node("section.what-if", { "aria-label": words.whatIf }, node("h3", words.whatIf), node("div.controls",
      node("div.control", node("div.label", node("label", { for: "amount" }, words.amount), field), this.amountSlider, this.amountError),
      node("div.control", node("div.label", node("label", { "aria-hidden": "true" }, words.closeOn), this.closeOut), this.closeSlider),
      node("div.control", node("div.label", node("label", { "aria-hidden": "true" }, words.discount), this.discountOut), this.discountSlider),
    ), this.resetButton);
  }

  #slider(label, min, max, oninput) {
    const slider = node("input", { type: "range", min, max, step: 1, oninput, "aria-label": label });
    slider.name = label;
    return slider;
  }

  #lastDay() {
    return Math.max(DAYS_AHEAD, daysBetween(this.firstDay, this.baseCloseOn) + 92);
  }

  /** One step is 1 % of the deal's amount (or 1,000), in whole units of the currency; the middle is the deal as it stands. */
  #stepAmount(step) {
    if (step === 100 && this.baseAmount !== null) return this.baseAmount;
    const middle = BigInt((this.baseAmount ?? "100000").split(".")[0]);
    return ((middle * BigInt(step)) / 100n).toString();
  }

  #slidAmount() {
    this.#amount = this.#stepAmount(Number(this.amountSlider.value));
    this.#changed();
  }

  #slidDiscount() {
    this.#discount = Number(this.discountSlider.value) / 2;
    this.#changed();
  }

  #slidDate() {
    this.#closeOn = addDays(this.firstDay, Number(this.closeSlider.value));
    this.#changed();
  }

  #typed() {
    const amount = parseAmount(this.amountText.value);
    this.amountError.hidden = amount !== null;
    this.amountText.setAttribute("aria-invalid", String(amount === null));
    if (amount === null) return;
    this.#amount = amount;
    this.#showSliders();
    this.onChange(this.variation);
  }

  #changed() {
    this.#show();
    this.onChange(this.variation);
  }

  reset() {
    [this.#amount, this.#discount, this.#closeOn] = [this.baseAmount, 0, this.baseCloseOn];
    this.amountText.focus();
    this.#changed();
  }

  #show() {
    this.amountText.value = this.#amount === null ? "" : this.formats.plainAmount(this.#amount);
    this.amountText.setAttribute("aria-invalid", "false");
    this.amountError.hidden = true;
    this.#showSliders();
  }

  #showSliders() {
    const middle = Number(this.baseAmount ?? 100000) || 1;
    const amountStep = this.#amount === null ? 0 : Math.round((Number(this.#amount) / middle) * 100);
    const amountText = this.#amount === null ? this.words.termsWithoutAmount : this.formats.plainAmount(this.#amount);
    set(this.amountSlider, amountStep, amountText);
    set(this.discountSlider, this.#discount * 2, this.formats.ratio(this.#discount / 100));
    set(this.closeSlider, daysBetween(this.firstDay, this.#closeOn), this.formats.day(this.#closeOn));
    this.discountOut.value = this.formats.ratio(this.#discount / 100);
    this.closeOut.value = this.formats.day(this.#closeOn);
    this.resetButton.hidden = this.variation === null;
  }
}

/** Moves a slider and says its value in words to a screen reader. */
function set(slider, value, text) {
  slider.value = value;
  slider.setAttribute("aria-valuetext", text);
  styled(slider, { "--fill": `${((Number(slider.value) / Number(slider.max)) * 100).toFixed(1)}%` });
}
