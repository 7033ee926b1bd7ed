/** The page's style sheet. It is named by its digest in the page's policy, so not a byte of style comes from elsewhere. */
export const STYLE = `
:root{color-scheme:light dark;--ground:#fbfbf9;--card:#fff;--ink:#1b1f23;--quiet:#5b646c;--line:#dde1e4;--opened:#1d7a50;
--refused:#b8472b;--nobodys:#7b838b;--delay:#5b57b8;--ran:#b9c3cb;--bad:#a12d17}
@media (prefers-color-scheme:dark){:root{--ground:#14171a;--card:#1b1f23;--ink:#e6e9eb;--quiet:#9aa4ac;--line:#2f363c;
--opened:#4cb885;--refused:#e27c5e;--nobodys:#7d868e;--delay:#9b97ee;--ran:#49535b;--bad:#f0907a}}
*{box-sizing:border-box}
body{margin:0 auto;padding:24px 20px 48px;max-width:1080px;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
h1{font-size:22px;margin:0 0 2px}h2{font-size:17px;margin:34px 0 4px}
p{margin:0 0 10px;max-width:90ch}.quiet,caption,figcaption{color:var(--quiet)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:10px;margin:18px 0 0;padding:0;list-style:none}
.tiles li{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 12px}
.tiles b{display:block;font-size:22px;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.25}
.tiles span{color:var(--quiet);font-size:13px}.tiles .bad b{color:var(--bad)}
.wide,.table{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:8px;margin:8px 0}
.wide{padding:8px 6px 2px}svg{display:block;width:100%;min-width:720px;height:auto;font:12px system-ui,"DejaVu Sans",sans-serif}
svg text{fill:var(--quiet)}svg .name{fill:var(--ink)}.grid line,.rail{stroke:var(--line);stroke-width:1}
.seldom{opacity:.4}.partly{opacity:.7}.ran{fill:var(--ran)}.open,.opened{fill:var(--opened)}.refused{fill:var(--refused)}.nobodys{fill:var(--nobodys)}
.delay{fill:var(--delay);opacity:.45}.inner{opacity:1}
svg.share{display:inline-block;min-width:60px;width:100px;height:8px;vertical-align:middle}
table{border-collapse:collapse;width:100%;min-width:640px;font-size:13.5px}th,td{padding:5px 12px;text-align:left;vertical-align:top}
th{color:var(--quiet);font-weight:500;border-bottom:1px solid var(--line);white-space:nowrap}
tr+tr td{border-top:1px solid var(--line)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.t{white-space:nowrap;font-variant-numeric:tabular-nums}td.w{overflow-wrap:anywhere;min-width:20ch}tr.bad td{color:var(--bad)}
summary{cursor:pointer;color:var(--quiet);margin:6px 0}footer{margin-top:36px;border-top:1px solid var(--line);padding-top:12px;font-size:13.5px}
@media (max-width:640px){body{padding:16px 12px 32px}th,td{padding:5px 8px}}
@media print{body{max-width:none}.wide,.table{overflow:visible}svg{min-width:0}}
`;
