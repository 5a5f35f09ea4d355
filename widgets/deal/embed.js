// The framed page: asks its parent for a token, shows the card, tells the parent its height. It talks to the listed
// origins alone, and only to the window that frames it.

import "./bonusbridge-deal.js";

const parents = new Set(document.querySelector('meta[name="bonusbridge-parents"]').content.split(" ").filter(Boolean));
const waiting = [];
let parentOrigin = null;

addEventListener("message", ({ source, origin, data }) => {
  if (source !== parent || source === window || !parents.has(origin) || data?.type !== "bonusbridge:token") return;
  parentOrigin = origin;
  const token = typeof data.token === "string" ? data.token : null;
  for (const resolve of waiting.splice(0)) resolve(token);
});

/** The question carries nothing secret, so it may go to whoever frames us; the answer is believed from listed origins only. */
function getToken({ isRefused }) {
  return new Promise((resolve) => {
    waiting.push(resolve);
    parent.postMessage({ type: "bonusbridge:token-wanted", isRefused }, parentOrigin ?? "*");
  });
}

function tellHeight() {
  if (parentOrigin === null) return;
  parent.postMessage({ type: "bonusbridge:resize", height: Math.ceil(document.body.getBoundingClientRect().height) }, parentOrigin);
}

const query = new URLSearchParams(location.search);
const card = document.createElement("bonusbridge-deal");
for (const name of ["source", "ref", "lang", "payee"]) if (query.get(name)) card.setAttribute(name, query.get(name));
if (query.get("lang")) document.documentElement.lang = query.get("lang");
card.getToken = getToken;
document.body.append(card);
new ResizeObserver(tellHeight).observe(document.body);
addEventListener("bonusbridge-shown", tellHeight);
