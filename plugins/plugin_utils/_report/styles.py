# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Style of the page: light and dark, from a phone's width on, and on paper."""

from __future__ import annotations

STYLES = """
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --ink: #1b2330; --soft: #566071; --line: #d9dee6; --grid: #e8ebf0;
  --good: #1d6fb8; --good-soft: #d6e7f7; --bad: #b3261e; --bad-soft: #fbe4e2; --wait: #7a5b00; --wait-soft: #fbefcc;
  --fine: #1a7040; --fine-soft: #dcf2e4; --load: #a9c9e8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11151c; --card: #1a202a; --ink: #e7ebf1; --soft: #a3adbd; --line: #333c4a; --grid: #262e3a;
    --good: #5aa9ec; --good-soft: #1d3a55; --bad: #ff8a80; --bad-soft: #4a2220; --wait: #f0c75e; --wait-soft: #40351a;
    --fine: #6fd08f; --fine-soft: #1a3d28; --load: #35597c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); overflow-wrap: anywhere;
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
header, main, footer { max-width: 1120px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 32px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 0 0 4px; }
p { margin: 0 0 8px; }
.soft, footer, caption small { color: var(--soft); }
.verdict { display: inline-block; padding: 2px 12px; border-radius: 99px; font-weight: 650; font-size: 14px;
  margin-bottom: 10px; background: var(--fine-soft); color: var(--fine); }
.verdict::first-letter { text-transform: uppercase; }
.verdict.failed { background: var(--bad-soft); color: var(--bad); }
.verdict.dry { background: var(--wait-soft); color: var(--wait); }
dl.facts { display: flex; flex-wrap: wrap; gap: 12px; margin: 20px 0; }
dl.facts div { flex: 1 1 150px; max-width: 260px; background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; padding: 12px 16px; display: flex; flex-direction: column; }
dt { color: var(--soft); font-size: 13px; order: 2; }
dd { margin: 0; font-size: 22px; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
dd small { font-size: 14px; font-weight: 400; color: var(--soft); }
dd.failed { color: var(--bad); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px;
  margin: 0 0 16px; }
section.failed { border-left: 5px solid var(--bad); }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
section > table { margin-top: 10px; }
caption { text-align: left; font-weight: 650; padding: 14px 0 6px; }
caption small { font-weight: 400; font-size: 13px; }
th, td { text-align: left; vertical-align: top; padding: 5px 12px 5px 0; border-top: 1px solid var(--grid);
  font-weight: 400; }
thead th { border-top: 0; color: var(--soft); font-size: 13px; vertical-align: bottom; }
tbody th { font-weight: 550; }
.stack tbody th { min-width: 9em; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; }
td.number { white-space: nowrap; }
.nodes tbody th { min-width: 5em; }
.nodes thead th { min-width: 4em; }
.route { white-space: nowrap; }
.stack .node { min-width: 6em; } .stack .when { min-width: 8em; }
.remedy { font-weight: 550; }
.badge { font-size: 12px; font-weight: 650; border-radius: 4px; padding: 0 6px; white-space: nowrap;
  background: var(--wait-soft); color: var(--wait); }
.badge.failed { background: var(--bad-soft); color: var(--bad); }
table.times { table-layout: fixed; }
table.times .who { width: 24%; } table.times .size { width: 9%; } table.times .took { width: 12%; }
table.times td, table.times tbody th { padding-top: 3px; padding-bottom: 3px; }
.axis, .track { position: relative; display: block; }
.axis { height: 18px; font-size: 12px; }
.axis span { position: absolute; bottom: 0; transform: translateX(-50%); white-space: nowrap; }
.axis span.first { transform: none; } .axis span.last { transform: translateX(-100%); }
.track { height: 22px; background: var(--grid); border-radius: 4px; overflow: hidden; }
.track i { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--line); }
.bar { position: absolute; top: 4px; bottom: 4px; min-width: 3px; border-radius: 3px; background: var(--good); }
.bar.failed { background: repeating-linear-gradient(135deg, var(--bad) 0 5px, var(--bad-soft) 5px 8px);
  outline: 1px solid var(--bad); outline-offset: -1px; }
.bar.other { background: var(--wait); }
.part { position: absolute; top: 4px; bottom: 4px; background: var(--good); }
.part.work { background: var(--wait); }
.part.restart { background: var(--soft); }
.part.back { background: var(--fine); }
.tail { position: absolute; top: 9px; bottom: 9px; border-radius: 2px; background: var(--good); opacity: 0.55; }
.load th { font-weight: 400; color: var(--soft); }
.load svg { display: block; width: 100%; height: 44px; background: var(--grid); border-radius: 4px; }
.load .area { fill: var(--load); }
.load .limit { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 5 4; vector-effect: non-scaling-stroke; }
.keys { display: flex; flex-wrap: wrap; gap: 0 16px; }
.key { display: inline-block; position: static; width: 22px; height: 10px; border-radius: 3px; margin-right: 6px; }
.key.tail { height: 4px; vertical-align: middle; }
.key.load { background: var(--load); }
.key.limit { height: 0; border-top: 2px dashed var(--bad); border-radius: 0; vertical-align: middle; }
.memory { position: relative; display: block; height: 12px; min-width: 60px; border-radius: 3px; overflow: hidden;
  background: var(--grid); margin-top: 5px; }
.memory span { position: absolute; left: 0; top: 0; bottom: 0; background: var(--good); }
.memory + .memory { margin-top: 2px; }
.memory.before span { background: var(--load); }
footer { padding-bottom: 40px; font-size: 13px; }
@media (max-width: 640px) {
  body { font-size: 14px; }
  header, main, footer { padding-left: 12px; padding-right: 12px; }
  header { padding-top: 20px; }
  h1 { font-size: 22px; }
  dl.facts { gap: 8px; }
  dl.facts div { flex-basis: calc(50% - 4px); max-width: none; padding: 10px 12px; }
  dd { font-size: 18px; }
  section { padding: 14px 12px; }
  th, td { padding-right: 8px; }
  .wide { display: none; }
  table.times .who { width: 28%; } table.times .took { width: 24%; }
  table.times { font-size: 13px; }
  .axis span.spare { display: none; }
  table.times .number { white-space: normal; }
  table.stack thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  table.stack tr { display: block; padding: 6px 0; border-top: 1px solid var(--grid); }
  table.stack th, table.stack td { display: block; border: 0; padding: 1px 0; }
}
@media print {
  body { background: none; }
  section, dl.facts div { break-inside: avoid; }
  section.times { break-inside: auto; }
  tr { break-inside: avoid; }
  .bar, .part, .load .area, .memory span, .track { print-color-adjust: exact; }
}
"""
