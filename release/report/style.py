"""How the page looks: one style sheet, for light and dark, for a screen, a phone and paper."""

STYLE = """
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#16202c;--soft:#566373;--edge:#dde2e8;
--me:#3558c9;--live:#6d7887;--pass:#16794a;--fail:#c0281c;--hold:#946200;--grid:#e8ebef;--none:#d6dbe1;
--band:rgba(53,88,201,.13)}
@media(prefers-color-scheme:dark){:root{--bg:#11161d;--card:#1a212b;--ink:#e8edf3;--soft:#a0acba;--edge:#303a47;
--me:#8ba9ff;--live:#98a4b3;--pass:#5ccb94;--fail:#ff8276;--hold:#e6b450;--grid:#29323e;--none:#3a4553;
--band:rgba(139,169,255,.17)}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
main{max-width:1080px;margin:0 auto;padding:20px 16px 48px}
h1{font-size:26px;line-height:1.25;margin:6px 0 4px;overflow-wrap:anywhere}
h2{font-size:17px;margin:34px 0 10px}
h3{font-size:15px;margin:0;display:flex;gap:8px;align-items:center;flex-wrap:wrap}
p{margin:4px 0}
.soft{color:var(--soft)}
code{font:13px/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.card{background:var(--card);border:1px solid var(--edge);border-radius:10px;padding:16px}
.hero{border-left:6px solid var(--tone)}
.why{font-size:16px;overflow-wrap:anywhere}
.tag{display:inline-block;padding:1px 9px;border-radius:99px;font-size:13px;font-weight:600;color:var(--tone);
border:1px solid currentColor;white-space:nowrap}
.t-pass{--tone:var(--pass)}.t-fail{--tone:var(--fail)}.t-hold{--tone:var(--hold)}.t-none{--tone:var(--live)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:12px 20px;margin:16px 0 0}
.facts dt{color:var(--soft);font-size:13px}.facts dd{margin:0;font-size:18px;font-weight:600}
.metrics{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:14px}
.figures{display:flex;gap:26px;margin:10px 0 2px;flex-wrap:wrap}
.figures div{font-size:13px;color:var(--soft)}
.figures b{display:block;font-size:22px;color:var(--ink);line-height:1.2}
.figures .me b{color:var(--me)}
h4{font-size:13px;font-weight:600;margin:16px 0 0;color:var(--soft)}
.key{font-size:12.5px;color:var(--soft);display:flex;gap:4px 14px;flex-wrap:wrap;margin:8px 0 0}
.key i{display:inline-block;width:18px;height:0;border-top:3px solid var(--c);vertical-align:middle;
margin-right:5px}
.key i.box{height:10px;border:0;background:var(--c);border-radius:2px}.key i.dash{border-top-style:dashed}
.plot{position:relative;height:128px;margin:10px 14px 24px 52px}
.tall{margin-left:0}.tall .plot{height:170px;margin-left:92px}
.square{max-width:620px;margin-bottom:12px}.square .plot{height:380px}
.plot svg{position:absolute;inset:0;width:100%;height:100%;overflow:hidden}
.plot path{fill:none;stroke-width:1.75;vector-effect:non-scaling-stroke;
stroke-linejoin:round;stroke-linecap:round}
.plot .grid{stroke:var(--grid);stroke-width:1}
.plot .candidate{stroke:var(--me);stroke-width:2.25}.plot .live,.plot .limit{stroke:var(--live)}
.plot .limit{stroke-dasharray:5 4}.plot .dot{stroke-width:7}
.plot .band{fill:var(--band);stroke:none}
.plot .least,.plot .most{stroke:var(--me)}
.plot .rule{stroke-dasharray:6 4;stroke-width:1.5}
.plot .rule.fail{stroke:var(--fail)}.plot .rule.pass{stroke:var(--pass)}
.plot .mark{stroke-width:1.5;stroke-dasharray:2 4}
.mark.pass{stroke:var(--pass)}.mark.fail{stroke:var(--fail)}.mark.hold{stroke:var(--hold)}
.plot span{position:absolute;font-size:11.5px;line-height:1;color:var(--soft);white-space:nowrap}
.yl{right:calc(100% + 6px);transform:translateY(-50%)}
.xl{top:calc(100% + 7px);transform:translateX(-50%)}
.plot .rl{right:4px;transform:translateY(-120%);font-weight:600;
text-shadow:0 0 3px var(--card),0 0 3px var(--card)}
.plot .rl.fail{color:var(--fail)}.plot .rl.pass{color:var(--pass)}
.row{display:grid;grid-template-columns:86px 1fr;gap:6px;align-items:center;margin:5px 14px 5px 0;
font-size:13px}
.row span{text-align:right;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.ribbon{width:100%;height:13px;background:var(--grid);border-radius:3px;display:block}
.ribbon .no-evidence{fill:var(--grid)}.ribbon .undecided{fill:var(--none)}
.ribbon .within{fill:var(--pass)}.ribbon .beyond{fill:var(--fail)}
.wide{overflow-x:auto;border:1px solid var(--edge);border-radius:10px;background:var(--card)}
.wide+.wide{margin-top:12px}
table{border-collapse:collapse;width:100%;font-size:14px}
caption{text-align:left;padding:8px 12px;color:var(--soft);font-size:13px}
th,td{text-align:left;vertical-align:top;padding:7px 12px;border-top:1px solid var(--edge)}
thead th{font-size:13px;color:var(--soft);font-weight:600;border-top:0}tbody th{font-weight:500}
td.n,th.n{text-align:right;white-space:nowrap}td.t{white-space:nowrap}
tr.same{color:var(--soft)}tr.new td:last-child{font-weight:600}
td{overflow-wrap:anywhere;min-width:4em}
details{margin:10px 0 0;font-size:14px}summary{cursor:pointer;color:var(--soft)}
details .wide{margin-top:8px}
footer{margin-top:36px;font-size:13px;color:var(--soft)}
@media(max-width:560px){main{padding:12px 10px 32px}h1{font-size:21px}.more{display:none}.card{padding:13px}
.tall .plot{margin-left:62px;height:140px}.row{grid-template-columns:56px 1fr;font-size:12px}
th,td{padding:6px 8px}
.timeline td:last-child{min-width:12em}}
@media print{body{background:#fff}.card,tr{break-inside:avoid}}
"""
