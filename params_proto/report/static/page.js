// The best job, and the controls of the page.
function config(job) {
  const list = element("dl", { className: "config" });
  for (const column of ofRole("key")) {
    const cell = rows[job].cells[columns.indexOf(column)].textContent;
    if (cell) list.append(element("dt", { textContent: column.name }), element("dd", {}, element("code", { textContent: cell })));
  }
  return list;
}

const link = (job) => element("a", { href: `#row-${job}`, textContent: `job ${jobNumbers.values[job]}` });

function drawBest() {
  const best = chosen.metric ? bestJob() : null;
  markBest(best);
  if (best === null) {
    const why = data.metric ? `as its ${data.metric}` : "to compare";
    place("best").replaceChildren(element("p", { textContent: `No job returned a number ${why}.` }));
    return;
  }
  const { name } = chosen.metric;
  const number = element("small", {}, `${extreme()} ${name}, `, link(best));
  const parts = [element("div", { className: "value" }, short(chosen.metric.values[best]), number), config(best)];
  const repeated = bestMean();
  if (repeated) {
    const same = ofConfiguration(repeated.job) === ofConfiguration(best);
    const average = `${short(repeated.mean)} ± ${short(repeated.deviation, 2)} over ${repeated.count} repeats`;
    parts.push(element("p", { className: "repeats" },
      `The ${extreme()} mean over repeats: ${average}, ${same ? "of the same configuration." : "of another configuration, "}`,
      ...(same ? [] : [link(repeated.job), "."])));
  }
  const command = data.commands[best];
  if (command) parts.push(element("p", { className: "note" }, `${data.again}: `, element("code", { textContent: command })));
  place("best").replaceChildren(...parts);
}

function draw(held = new Map()) {
  if (lines.data) Plotly.purge(lines);
  drawBest();
  drawLines(held);
  drawAgainst();
  drawMatrix();
  if (lines.data) lines.on("plotly_restyle", chooseByLines);
}

function drawAnew() {
  chosen.ranges = new Set(jobs);
  draw();
  drawRanges();
  showRows();
}

// Redraws in other colors, keeping the selected ranges.
const recolor = () => draw(new Map(lines.data?.[0].dimensions.map((one) => [one.name, one.constraintrange])));

function showAll() {
  chosen.text = place("find").value = "";
  drawAnew();
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  place("theme").textContent = theme === "dark" ? "Light" : "Dark";
}

function fill(select, found, selected) {
  select.replaceChildren(...found.map((column, index) => element("option", { value: index, textContent: column.name })));
  select.value = String(selected);
}

// In the requested direction, or else the usual one of the metric.
function chooseMetric(metric) {
  Object.assign(chosen, { metric, maximize: metric.maximize });
  place("direction").value = metric.maximize ? "maximize" : "minimize";
  drawAnew();
}

const dark = matchMedia("(prefers-color-scheme: dark)");
setTheme(dark.matches ? "dark" : "light");
dark.addEventListener("change", () => { setTheme(dark.matches ? "dark" : "light"); recolor(); });
place("theme").addEventListener("click", () => {
  setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  recolor();
});

place("choice").hidden = !metrics.length;
fill(place("metric"), metrics, Math.max(0, metrics.indexOf(chosen.metric)));
place("direction").value = chosen.maximize ? "maximize" : "minimize";
place("metric").addEventListener("change", (event) => { chooseMetric(metrics[Number(event.target.value)]); });
place("direction").addEventListener("change", (event) => { chosen.maximize = event.target.value === "maximize"; drawAnew(); });
for (const [id, selected] of [["down", 0], ["across", 1]]) {
  fill(place(id), pairable, selected);
  place(id).addEventListener("change", drawMatrix);
}
place("all").addEventListener("click", showAll);
// A link to a hidden row shows all rows.
document.addEventListener("click", (event) => {
  const row = event.target.closest("a[href^='#row-']")?.hash;
  if (row && document.querySelector(row).hidden) showAll();
});
drawAnew();
document.documentElement.dataset.drawn = "true";
