/** Style of a report: one column, system type, both themes. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #5d646d; --paper: #fff; --card: #f6f7f9; --line: #e2e5ea; --link: #2563a8; --warn: #9a5b00; --warn-paper: #fff6e5; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7e9ec; --soft: #9aa2ad; --paper: #14161a; --card: #1d2026; --line: #2e333b; --link: #7db4ea; --warn: #f0c070; --warn-paper: #2b2416; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; -webkit-text-size-adjust: 100%; }
main { max-width: 1000px; margin: 0 auto; padding: 48px 24px 96px; }
h1 { margin: 0; font-size: 28px; line-height: 1.2; letter-spacing: -0.02em; font-weight: 650; text-wrap: balance; }
h2 { margin: 0 0 4px; font-size: 19px; letter-spacing: -0.01em; font-weight: 620; }
p { margin: 0 0 16px; color: var(--soft); max-width: 68ch; }
a { color: var(--link); text-underline-offset: 2px; }
.folder { margin: 6px 0 0; font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
nav { margin-top: 20px; }
section { margin-top: 48px; padding-top: 28px; border-top: 1px solid var(--line); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(118px, 1fr)); gap: 10px; margin: 28px 0 0; }
.facts > div { background: var(--card); border-radius: 10px; padding: 12px 14px; }
dt { color: var(--soft); font-size: 12.5px; }
dd { margin: 2px 0 0; font-size: 19px; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3; letter-spacing: -0.01em; }
dd small { display: block; color: var(--soft); font-size: 12px; font-weight: 400; letter-spacing: 0; }
.warnings { margin: 20px 0 0; padding: 12px 16px 12px 34px; border-radius: 10px; color: var(--warn); background: var(--warn-paper); }
.figures { display: flex; flex-wrap: wrap; gap: 20px 28px; align-items: flex-start; }
figure { margin: 0; max-width: 100%; overflow-x: auto; }
figure svg { display: block; max-width: none; }
.table { overflow-x: auto; margin-top: 12px; }
table { border-collapse: collapse; font-size: 13.5px; }
caption { text-align: left; padding-bottom: 4px; color: var(--soft); }
th { text-align: left; font-weight: 500; color: var(--soft); }
th, td { padding: 5px 20px 5px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
details { margin-top: 16px; }
summary { cursor: pointer; color: var(--link); }
@media print { main { max-width: none; padding: 0; } section { break-inside: avoid; } }
`;
