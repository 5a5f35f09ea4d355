// Building nodes without markup text, so that nothing from a server is ever parsed as HTML.

/** `node("p.note", {id: "x"}, "text", child)`; properties starting with "aria-" or "data-" become attributes. */
export function node(selector, ...rest) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  const properties = isProperties(rest[0]) ? rest.shift() : {};
  for (const [name, value] of Object.entries(properties)) {
    if (/^(aria-|data-|for$|role$|scope$|lang$)/.test(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...rest.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const isProperties = (value) => value !== null && typeof value === "object" && !(value instanceof Node) && !Array.isArray(value);

/** Sets CSS custom properties or properties through the object model, which a strict policy allows. */
export function styled(element, properties) {
  for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, value);
  return element;
}
