// The card's style sheet, adopted by its shadow root: no style attribute and no style element, so a strict policy holds.

const CSS = `
:host {
  --ink: #171b21; --muted: #5a6472; --faint: #8791a0; --line: #e4e8ed; --surface: #ffffff; --soft: #f4f6f8;
  --accent: #0a6b4c; --accent-soft: #ddf1e8; --track: #e9edf1; --before: #a9b4c0; --step: #14996c;
  --down: #9c3d10; --down-soft: #fbeadf; --focus: #1d5fd6;
  color-scheme: light;
  display: block; container-type: inline-size; color: var(--ink); background: var(--surface);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Open Sans", "PingFang SC", "Microsoft YaHei",
    "Noto Sans SC", "Noto Sans Hans", sans-serif;
  text-align: start; overflow-wrap: break-word; -webkit-text-size-adjust: 100%;
}
@media (prefers-color-scheme: dark) {
  :host {
    --ink: #eceff3; --muted: #a3aebb; --faint: #7f8a98; --line: #2b323b; --surface: #14181e; --soft: #1b2128;
    --accent: #5ad6a8; --accent-soft: #163a2e; --track: #262d36; --before: #5b6776; --step: #37bd8d;
    --down: #f0a07a; --down-soft: #3d2418; --focus: #8ab4ff;
    color-scheme: dark;
  }
}
:host([hidden]) { display: none; }
*, *::before, *::after { box-sizing: border-box; }
h2, h3, p, dl, dd, ul, ol, table { margin: 0; padding: 0; }
ul, ol { list-style: none; }
.card { display: grid; gap: 20px; padding: 16px; }
.column { display: grid; gap: 20px; align-content: start; min-width: 0; }
section { min-width: 0; }

.head { display: grid; gap: 2px; }
h2 { font-size: 13px; font-weight: 400; color: var(--muted); }
.total { font-size: 34px; line-height: 1.15; font-weight: 700; letter-spacing: -0.022em; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere; }
.total .minor { font-size: 0.62em; font-weight: 600; letter-spacing: -0.01em; color: var(--muted); }
.terms { color: var(--muted); }
.range { color: var(--muted); font-size: 12.5px; margin-top: 6px; }
.delta { justify-self: start; margin-top: 6px; padding: 2px 9px; border-radius: 99px; font-size: 12.5px; font-weight: 600;
  color: var(--muted); background: var(--soft); font-variant-numeric: tabular-nums; }
.delta.up { color: var(--accent); background: var(--accent-soft); }
.delta.down { color: var(--down); background: var(--down-soft); }
.busy .total { opacity: 0.72; }

h3 { font-size: 13px; font-weight: 600; margin-bottom: 8px; }
.attainment .line { display: flex; justify-content: space-between; gap: 8px; align-items: baseline; }
.attainment .line h3 { margin: 0; }
.attainment .figures { font-variant-numeric: tabular-nums; white-space: nowrap; }
.attainment .figures .from { color: var(--muted); }
.attainment .figures .to { font-weight: 600; }
.bar { position: relative; height: 10px; margin: 8px 0 4px; border-radius: 5px; background: var(--track); overflow: hidden; }
.bar span { position: absolute; inset-block: 0; }
.bar .before { inset-inline-start: 0; background: var(--before); }
.bar .step { background: var(--step); transition: inset-inline-start 120ms, inline-size 120ms; }
.bar .step.back { background: var(--down); }
.bar .mark { inline-size: 2px; margin-inline-start: -1px; background: var(--ink); opacity: 0.45; }
.scale { position: relative; height: 16px; margin-bottom: 6px; font-size: 11px; color: var(--muted); font-variant-numeric: tabular-nums; }
.scale span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.scale span.first { transform: none; }
.scale span.last { transform: translateX(-100%); }
.note { font-size: 12.5px; color: var(--muted); }

.what-if { background: var(--soft); border-radius: 12px; padding: 12px 14px 14px; }
.what-if .controls { display: grid; gap: 12px; }
.control .label { display: flex; justify-content: space-between; align-items: center; gap: 8px; min-height: 28px; }
.control label { color: var(--muted); }
.control output { font-weight: 600; font-variant-numeric: tabular-nums; }
.control .field { display: flex; align-items: center; gap: 6px; min-width: 0; }
.control .unit { color: var(--muted); font-size: 12.5px; }
input[type="text"] { font: inherit; font-weight: 600; font-variant-numeric: tabular-nums; color: inherit; text-align: end; inline-size: 15ch;
  max-inline-size: 100%; min-inline-size: 0; padding: 3px 8px; background: var(--surface); border: 1px solid var(--line); border-radius: 7px; }
input[type="text"][aria-invalid="true"] { border-color: var(--down); }
input[type="range"] { -webkit-appearance: none; appearance: none; display: block; inline-size: 100%; margin: 2px 0 0; block-size: 24px;
  background: transparent; cursor: pointer; --fill: 50%; }
input[type="range"]::-webkit-slider-runnable-track { block-size: 4px; border-radius: 2px;
  background: linear-gradient(to right, var(--step) var(--fill), var(--line) var(--fill)); }
input[type="range"]::-moz-range-track { block-size: 4px; border-radius: 2px; background: var(--line); }
input[type="range"]::-moz-range-progress { block-size: 4px; border-radius: 2px; background: var(--step); }
input[type="range"]::-webkit-slider-thumb { -webkit-appearance: none; inline-size: 18px; block-size: 18px; margin-top: -7px; border-radius: 50%;
  background: var(--surface); border: 1px solid var(--faint); box-shadow: 0 1px 3px rgb(0 0 0 / 0.22); }
input[type="range"]::-moz-range-thumb { inline-size: 16px; block-size: 16px; border-radius: 50%; background: var(--surface);
  border: 1px solid var(--faint); box-shadow: 0 1px 3px rgb(0 0 0 / 0.22); }
.error { color: var(--down); font-size: 12.5px; }
button { font: inherit; font-weight: 600; color: var(--accent); background: none; border: 0; border-radius: 7px; padding: 6px 10px; margin: 0 -10px;
  cursor: pointer; }
button:hover { background: var(--accent-soft); }
button.solid { color: var(--surface); background: var(--accent); margin: 0; padding: 7px 14px; }
.what-if button { margin: 6px -10px -6px; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
input[type="range"]:focus-visible { outline: none; }
input[type="range"]:focus-visible::-webkit-slider-thumb { outline: 2px solid var(--focus); outline-offset: 2px; }
input[type="range"]:focus-visible::-moz-range-thumb { outline: 2px solid var(--focus); outline-offset: 2px; }

.components { border-block: 1px solid var(--line); }
.components > li + li { border-top: 1px solid var(--line); }
summary { display: flex; gap: 8px; align-items: baseline; padding: 9px 0; cursor: pointer; list-style: none; border-radius: 6px; }
summary::-webkit-details-marker { display: none; }
summary::before { content: ""; flex: none; inline-size: 6px; block-size: 6px; border: solid var(--faint); border-width: 0 1.5px 1.5px 0;
  transform: translateY(-1px) rotate(-45deg); transition: transform 120ms; }
details[open] > summary::before { transform: translateY(-2px) rotate(45deg); }
summary .name { flex: 1; min-width: 0; }
summary .sum { font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
.detail { display: grid; gap: 8px; padding: 0 0 12px 14px; }
.tiers { display: grid; gap: 6px; font-variant-numeric: tabular-nums; }
.tiers li { display: flex; justify-content: space-between; gap: 12px; align-items: baseline; }
.tiers .sum { white-space: nowrap; }
small { display: block; font-size: 12.5px; color: var(--muted); }
.reasons { display: grid; gap: 4px; font-size: 12.5px; color: var(--muted); }

.payments { display: grid; gap: 8px; }
.payments li { display: flex; justify-content: space-between; gap: 12px; align-items: baseline; }
.payments .when { min-width: 0; }
.payments .sum { font-variant-numeric: tabular-nums; font-weight: 600; white-space: nowrap; }
footer { border-top: 1px solid var(--line); padding-top: 10px; font-size: 11.5px; color: var(--muted); display: flex; flex-wrap: wrap; gap: 2px 12px; }
footer b { font-weight: 600; }
.shown-for { display: flex; gap: 8px; align-items: center; color: var(--muted); font-size: 12.5px; }
select { font: inherit; font-size: 13px; color: var(--ink); background: var(--surface); border: 1px solid var(--line); border-radius: 7px; padding: 4px 8px;
  min-inline-size: 0; max-inline-size: 100%; }

.empty { display: grid; gap: 6px; justify-items: start; padding: 20px 16px; }
.empty h2 { color: var(--ink); font-size: 15px; font-weight: 600; }
.empty p { color: var(--muted); max-inline-size: 46ch; }
.empty .remedy { color: var(--ink); }
.empty button { margin-top: 6px; }
.bone { block-size: 14px; border-radius: 7px; background: var(--track); }
.bone.large { block-size: 34px; inline-size: 62%; }
.bone.short { inline-size: 40%; }
.spoken { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

@container (min-width: 640px) {
  .card.two { grid-template-columns: minmax(0, 5fr) minmax(0, 6fr); gap: 24px 40px; padding: 24px; }
  .card.two .wide { grid-column: 1 / -1; }
  .total { font-size: 44px; }
}
@media (prefers-reduced-motion: no-preference) {
  .bone { animation: breathe 1.6s ease-in-out infinite; }
  @keyframes breathe { 50% { opacity: 0.5; } }
}
@media (forced-colors: active) {
  .bar { border: 1px solid CanvasText; }
  .bar .step { background: Highlight; forced-color-adjust: none; }
}
`;

export const sheet = new CSSStyleSheet();
sheet.replaceSync(CSS);
