"""The page's style and script. They hold no text of a model, so that their checksums never change with it."""

STYLE = """
:root{color-scheme:light dark;--ink:#1b2430;--dim:#5a6675;--line:#d8dee6;--page:#f6f8fa;--card:#fff;
--blue:#0b5cad;--good:#187a3a;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e4e9ef;--dim:#9aa7b5;--line:#343d48;--page:#12171d;
--card:#1a2129;--blue:#79b8ff;--good:#6cd391;--bad:#ff8f86}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:64rem;margin:0 auto;padding:1.5rem 1rem 3rem}
header,.row{display:flex;flex-wrap:wrap;gap:.75rem;align-items:center}
header{justify-content:space-between}
h1{margin:0;font-size:1.75rem;overflow-wrap:anywhere}h1 small{font-size:1rem;font-weight:400;color:var(--dim)}
h2{font-size:1.15rem;margin:0 0 .75rem}h3,h4{font-size:.95rem;margin:1rem 0 .25rem}.row h3{margin:0}
section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:1rem;margin:1rem 0}
.fields{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.75rem 1rem}
.field{display:flex;flex-direction:column}
label{font-weight:600;overflow-wrap:anywhere}label b{color:var(--bad)}
small,footer,#state{color:var(--dim);font-size:.85rem}small{overflow-wrap:anywhere}
input{font:inherit;color:inherit;background:var(--page);border:1px solid var(--dim);border-radius:4px;
padding:.3rem .5rem;width:100%}
input[aria-invalid]{border-color:var(--bad);outline:1px solid var(--bad)}
button{font:inherit;border:1px solid var(--blue);border-radius:4px;padding:.35rem 1rem;background:none;
color:var(--blue);cursor:pointer}
form button:first-child{background:var(--blue);color:var(--card);font-weight:600}
:focus-visible{outline:3px solid var(--blue);outline-offset:2px}
form .row{margin-top:1rem}#told .row{margin:1rem 0 .25rem}
#score{font-size:1.1rem;font-weight:600}.good,#state.good{color:var(--good)}.bad,#state.bad{color:var(--bad)}
pre{margin:0;padding:.6rem .75rem;background:var(--page);border:1px solid var(--line);border-radius:4px;
max-height:16rem;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}
details{border-top:1px solid var(--line);padding:.4rem 0}summary{cursor:pointer}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
td{border-top:1px solid var(--line);padding:.3rem .6rem .3rem 0;vertical-align:top}
a{color:var(--blue)}
"""

SCRIPT = r"""
"use strict";
const at = id => document.getElementById(id), form = at("form"), score = at("score");
const fields = [...form.querySelectorAll("input")], base = new URL(".", location.href);
function show(text, good) { score.textContent = text; score.className = good ? "good" : "bad"; }
function mark(name) {
  for (const field of fields) {
    if (field.dataset.name === name) { field.setAttribute("aria-invalid", "true"); field.focus(); }
    else field.removeAttribute("aria-invalid");
  }
}
function value(field) {
  if (field.value === "" && "nullable" in field.dataset) return null;
  return field.type === "number" ? field.valueAsNumber : field.value;
}
function said(answer) {
  const classes = JSON.parse(form.dataset.classes);
  if (!Array.isArray(answer)) return `${answer}`;
  return answer.map((value, place) => `${classes[place]} ${value}`).join(", ");
}
form.addEventListener("submit", async event => {
  event.preventDefault();
  mark();
  const row = Object.fromEntries(fields.map(field => [field.dataset.name, value(field)]));
  const body = JSON.stringify({instances: [row]}), url = new URL("invocations", base).href;
  at("told").hidden = false;
  const quoted = body.replaceAll("'", "'\\''");
  at("curl").textContent = `curl -s ${url} -H 'Content-Type: application/json' \\\n  -d '${quoted}'`;
  const begun = performance.now();
  try {
    const answer = await fetch(url, {method: "POST", headers: {"Content-Type": "application/json"}, body});
    const text = await answer.text(), took = `${(performance.now() - begun).toFixed(1)} ms`;
    at("answer").textContent = `${answer.status} ${answer.statusText}\n${text}`;
    const told = JSON.parse(text);
    if (answer.ok) show(`${said(told.predictions[0])}  (${took})`, true);
    else { mark(told.error.field); show(told.error.message, false); }
  } catch (error) {
    at("answer").textContent = "";
    show(`No answer: ${error.message}`, false);
  }
});
form.addEventListener("reset", () => { mark(); show("", true); });
at("copy").addEventListener("click", () => navigator.clipboard?.writeText(at("curl").textContent));
fetch(new URL("ping", base)).then(answer => answer.json()).then(told => {
  at("state").textContent = told.status;
  at("state").className = told.status === "ready" ? "good" : "bad";
}, () => { at("state").textContent = "no answer"; });
"""
