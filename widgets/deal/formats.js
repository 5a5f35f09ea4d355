// Money, ratios and dates for people. A quantity is money without a currency. Amounts stay decimal text from the wire to Intl, which formats text exactly.

const LOCALES = { en: "en-US", "zh-Hans": "zh-CN" };

/** The reader's own variant of the card's language (en-GB, zh-SG), or the usual one. */
function localeOf(language, preferred) {
  const stem = language.slice(0, 2);
  return preferred.find((tag) => tag.slice(0, 2).toLowerCase() === stem && isTag(tag)) ?? LOCALES[language];
}

/** Some systems report what is no language tag, e.g. en-US@posix. */
function isTag(text) {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(text).length > 0;
  } catch {
    return false;
  }
}

export function formatsIn(language, preferred = navigator.languages) {
  const locale = localeOf(language, preferred);
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
  const instant = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const time = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
  const percent = (digits) => new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: digits });
  const [coarse, fine] = [percent(1), percent(4)];
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 4 });
  const fractional = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 4 });
  const points = new Intl.NumberFormat(locale, { maximumFractionDigits: 1, signDisplay: "exceptZero" });
  const currencies = new Map();

  function currencyFormat(currency, signDisplay, whole) {
    const key = currency + signDisplay + whole;
    if (!currencies.has(key)) {
      const digits = whole ? { maximumFractionDigits: 0 } : {};
      currencies.set(key, new Intl.NumberFormat(locale, { style: "currency", currency, signDisplay, ...digits }));
    }
    return currencies.get(key);
  }

  const isWhole = (amount) => /^-?\d+(\.0+)?$/.test(amount);
  return {
    locale,
    money: ({ amount, currency }) => (currency ? currencyFormat(currency, "auto", false) : number).format(amount),
    moneyParts: ({ amount, currency }) => currencyFormat(currency, "auto", false).formatToParts(amount),
    shortMoney: ({ amount, currency }) => (currency ? currencyFormat(currency, "auto", isWhole(amount)) : number).format(amount),
    change: ({ amount, currency }) => currencyFormat(currency, "exceptZero", false).format(amount),
    ratio: (text) => coarse.format(text),
    rate: (text) => fine.format(text),
    number: (text) => number.format(text),
    plainAmount: (amount) => (isWhole(amount) ? number : fractional).format(amount),
    points: (ratio) => points.format(ratio * 100),
    day: (iso) => day.format(new Date(`${iso}T00:00:00Z`)),
    instant: (iso, now) => {
      const at = new Date(iso);
      return (at.toDateString() === now.toDateString() ? time : instant).format(at);
    },
  };
}

/** Typed text as the decimal text of the API ("12,500.5" → "12500.5"), or null if it is no amount. */
export function parseAmount(text) {
  const plain = text.replace(/[\s,，\u00a0\u202f]/g, "").replace("．", ".");
  return /^\d{1,15}(\.\d{1,4})?$/.test(plain) ? plain : null;
}

/** Days from one ISO date to another. */
export const daysBetween = (from, to) => Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);

export const addDays = (iso, days) => new Date(Date.parse(iso) + days * 86_400_000).toISOString().slice(0, 10);
