// For the page that embeds the card: puts the frame in place, hands it tokens, follows its height.

const [MIN_HEIGHT, MAX_HEIGHT] = [120, 2400];

/**
 * Embeds the deal card into `place`. `getToken({isRefused})` gives an access token for the signed-in person.
 * Gives a function that takes the frame away again.
 */
export function embedDeal(place, { api, source, ref, lang, payee, title = "BonusBridge", getToken }) {
  const frame = document.createElement("iframe");
  const origin = new URL(api).origin;
  const query = new URLSearchParams(Object.entries({ source, ref, lang, payee }).filter(([, value]) => value));
  frame.src = `${origin}/embed/deal?${query}`;
  frame.title = title;
  frame.className = "bonusbridge-frame";
  frame.referrerPolicy = "no-referrer";
  const listen = (event) => {
    if (event.source === frame.contentWindow && event.origin === origin) answer(event.data);
  };

  async function answer(message) {
    if (message?.type === "bonusbridge:resize") resize(frame, message.height);
    if (message?.type !== "bonusbridge:token-wanted") return;
    const token = await Promise.resolve(getToken({ isRefused: message.isRefused === true })).catch(() => null);
    frame.contentWindow?.postMessage({ type: "bonusbridge:token", token }, origin);
  }

  addEventListener("message", listen);
  place.replaceChildren(frame);
  return () => {
    removeEventListener("message", listen);
    frame.remove();
  };
}

function resize(frame, height) {
  if (Number.isFinite(height)) frame.style.height = `${Math.min(MAX_HEIGHT, Math.max(MIN_HEIGHT, Math.ceil(height)))}px`;
}
