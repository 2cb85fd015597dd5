// The figures, drawn by Plotly. Each is redrawn when its data has changed.
const CONFIG = { displayModeBar: false, displaylogo: false, responsive: true };
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const ramp = () => [[0, color("worst")], [0.5, color("middle")], [1, color("best")]];

function layout(height, more = {}) {
  const { fontFamily } = getComputedStyle(document.body);
  return {
    height,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: fontFamily, size: 12, color: color("ink") },
    hoverlabel: { bgcolor: color("panel"), bordercolor: color("line"), font: { color: color("ink") }, align: "left" },
    showlegend: false,
    margin: { l: 60, r: 16, t: 10, b: 40 },
    ...more,
  };
}

const axis = (more = {}) => ({
  gridcolor: color("line"), linecolor: color("line"), zeroline: false, automargin: true, ticks: "", ...more,
});

// How good a job is, from 0 to 1; null without a number.
function goodness() {
  const scale = scaleOf(chosen.metric);
  return (job) => {
    const at = scale.at(chosen.metric.values[job]);
    if (at === null) return null;
    return chosen.maximize ? (at - scale.low) / scale.span : 1 - (at - scale.low) / scale.span;
  };
}

// ---- parallel coordinates: one line per job

// The spread of lines with the same value. Plotly brushes a quarter of the gap to the next one.
const bundle = ({ gap, span }) => Math.min(0.24 * gap, 0.1 * span);
const lines = place("lines");
const MAX_AXES = 60; // Plotly's limit
const lineColumns = () => [...keys.slice(0, MAX_AXES - 1), chosen.metric || statuses].filter(Boolean);
let order = jobs; // of the lines: the best are drawn last

function dimension(column) {
  const scale = scaleOf(column);
  const foot = scale.low - 0.14 * scale.span; // where jobs without a value end
  const lacking = column.values.some((value) => scale.at(value) === null);
  // Lines of jobs with the same value are spread around it, as they would overlap, the best on top;
  // but not beyond the ends of the axis, where nothing can be selected.
  const width = bundle(lacking ? { ...scale, gap: Math.min(scale.gap, scale.low - foot) } : scale);
  const values = order.map((job, index) => {
    const at = scale.at(column.values[job]);
    if (at === null) return foot;
    const part = index / Math.max(order.length - 1, 1);
    return at + width * (at === scale.low && !lacking ? part : at === scale.high ? part - 1 : part - 0.5);
  });
  const label = cut(column.name, 26) + (scale.logarithmic && !scale.ticks ? ", log10" : "");
  const range = [lacking ? foot : scale.low, scale.low + scale.span];
  if (!scale.ticks) return { label: plain(label), values, range };
  const ticks = lacking ? [{ at: foot, text: "none" }, ...scale.ticks] : scale.ticks;
  return { label: plain(label), values, range, ...ticksOf(ticks, 18) };
}

function lineColors() {
  if (!chosen.metric) {
    const names = { jobs: "middle", completed: "middle", failed: "none", crashed: "none" };
    const found = statuses ? statuses.options : ["jobs"];
    const last = Math.max(found.length - 1, 1);
    const scale = found.map((name, index) => [index / last, color(names[name] || "worst")]);
    return {
      color: order.map((job) => (statuses ? statuses.values[job] : 0)),
      colorscale: scale.length > 1 ? scale : [[0, scale[0][1]], [1, scale[0][1]]],
      cmin: 0, cmax: last, showscale: false,
    };
  }
  const good = goodness();
  const none = color("none");
  return {
    color: order.map((job) => good(job) ?? -0.25),
    colorscale: [[0, none], [0.1, none], [0.1, color("worst")], [0.2, color("worst")], [0.6, color("middle")], [1, color("best")]],
    cmin: -0.25, cmax: 1, showscale: false,
  };
}

// `held` has the selected ranges by axis name, which stay selected.
function drawLines(held) {
  const shownColumns = lineColumns();
  if (jobs.length < 2 || !keys.length) return;
  place("lines-section").hidden = false;
  const good = chosen.metric ? goodness() : () => null;
  order = [...jobs].sort((one, other) => (good(one) ?? -1) - (good(other) ?? -1) || one - other);
  const dimensions = shownColumns.map((column) => ({
    ...dimension(column), name: column.name, constraintrange: held.get(column.name),
  }));
  const names = shownColumns.map((column) => column.name).join(", ");
  const lacks = chosen.metric && jobs.some((job) => good(job) === null);
  place("lines-note").textContent =
    `Drag along an axis to select jobs, which also filters the table; click the axis to select all again.${
      chosen.metric ? ` The ${chosen.maximize ? "higher" : "lower"} its ${chosen.metric.name}, the stronger the line.` : ""}${
      lacks ? ` Lines that end at the bottom of ${chosen.metric.name} are jobs without a number.` : ""}`;
  lines.setAttribute("aria-label", `Parallel coordinates: one line for each of ${jobs.length} jobs, across ${names}.`);
  lines.style.minWidth = `${shownColumns.length * 96}px`;
  const left = 50 + 5 * Math.max(4, ...(dimensions[0].ticktext || []).map((text) => text.length));
  const trace = {
    type: "parcoords", dimensions, line: lineColors(), labelside: "top",
    unselected: { line: { color: color("line"), opacity: 0.25 } },
    labelfont: { size: 12, color: color("ink") }, tickfont: { size: 11, color: color("ink") },
    rangefont: { size: 11, color: "rgba(0,0,0,0)" },
  };
  Plotly.react(lines, [trace], layout(400, { margin: { l: left, r: 70, t: 50, b: 24 } }), CONFIG);
}

const within = (value, range) =>
  !range || (Array.isArray(range[0]) ? range : [range]).some(([low, high]) => low <= value && value <= high);

// Selects the jobs in the selected ranges of all axes, whose order may have changed.
function chooseByLines() {
  const { dimensions } = lines.data[0];
  chosen.ranges = new Set(
    order.filter((_, index) => dimensions.every((one) => within(one.values[index], one.constraintrange))));
  showRows();
}

// ---- selecting ranges with the keyboard

function drawRanges() {
  const fields = lineColumns().map((column) => {
    const scale = scaleOf(column);
    const set = (range) => {
      const index = lines.data[0].dimensions.findIndex((one) => one.name === column.name);
      Plotly.restyle(lines, { [`dimensions[${index}].constraintrange`]: range && [range] });
    };
    const legend = element("legend", { textContent: column.name });
    if (scale.ticks) {
      if (scale.values.length > BRUSHED) return null;
      const select = element("select", { ariaLabel: column.name }, element("option", { value: "", textContent: "any" }),
        ...scale.values.map((value) => element("option", { value, textContent: cut(shown(column, value), 60) })));
      select.addEventListener("change", () => {
        const at = scale.at(Number(select.value));
        const near = bundle(scale);
        set(select.value === "" ? null : [at - near, at + near]);
      });
      return element("fieldset", {}, legend, select);
    }
    const ends = ["from", "to"].map((name) =>
      element("input", { type: "number", step: "any", placeholder: name, ariaLabel: `${column.name} ${name}` }));
    const change = () => {
      const [low, high] = ends.map((end) => (end.value === "" ? null : Number(end.value)));
      const atLow = low === null ? scale.low : (scale.at(low) ?? scale.low);
      const atHigh = high === null ? scale.high : (scale.at(high) ?? scale.high);
      set(low === null && high === null ? null : [atLow, Math.max(atLow, atHigh)]);
    };
    for (const end of ends) end.addEventListener("change", change);
    return element("fieldset", {}, legend, ends[0], " ", ends[1]);
  });
  place("ranges").querySelector(".ranges").replaceChildren(...fields.filter(Boolean));
}

// ---- the metric against each key

function panel(column) {
  const scale = scaleOf(column);
  const { values } = chosen.metric;
  const found = measured().filter((job) => scale.at(column.values[job]) !== null);
  const at = (job) => scale.at(column.values[job]);
  const means = [...groups(found, (job) => column.values[job])]
    .map(([value, of]) => {
      const repeated = [...groups(of, ofConfiguration).values()].map((some) => some.map((job) => values[job]));
      return { at: scale.at(value), mean: mean(repeated.map(mean)), deviation: deviation(repeated.map(spread)), count: of.length, text: shown(column, value) };
    })
    .sort((one, other) => one.at - other.at);
  const name = plain(column.name);
  const metric = plain(chosen.metric.name);
  const dots = {
    type: "scatter", mode: "markers", x: found.map(at), y: found.map((job) => values[job]),
    marker: { size: 5, color: color("middle"), opacity: found.length > 300 ? 0.25 : 0.5 },
    text: found.map((job) => `job ${jobNumbers.values[job]}<br>${name}: ${plain(cut(shown(column, column.values[job]), 60))}<br>${metric}: ${short(values[job])}`),
    hovertemplate: "%{text}<extra></extra>",
  };
  const line = {
    type: "scatter", mode: column.options ? "markers" : "lines+markers",
    x: means.map((one) => one.at), y: means.map((one) => one.mean),
    line: { color: color("ink"), width: 1.6 }, marker: { size: 7, color: color("ink") },
    error_y: { array: means.map((one) => one.deviation ?? 0), color: color("ink"), thickness: 1.4, width: 5, visible: means.some((one) => one.deviation) },
    text: means.map((one) => `${name}: ${plain(cut(one.text, 60))}<br>mean ${metric}: ${short(one.mean)}${one.deviation === null ? "" : ` ± ${short(one.deviation, 2)}`}<br>${one.count} jobs`),
    hovertemplate: "%{text}<extra></extra>",
  };
  const summary = means.slice(0, FEW).map((one) => `${cut(one.text, 40)}: ${short(one.mean)}`).join("; ");
  const margin = column.options ? 0.5 : 0.06 * scale.span;
  const range = [scale.low - margin, scale.low + scale.span + margin];
  const ticks = scale.ticks ? { tickmode: "array", ...plainTicksOf(scale.ticks, 16) } : {};
  const plot = element("div", { role: "img", ariaLabel: `Mean ${chosen.metric.name} by ${column.name}. ${summary}` });
  const wide = isWide(chosen.metric, present(chosen.metric));
  const draw = () => Plotly.react(plot, [dots, line], layout(250, {
    xaxis: axis({ range, showgrid: false, title: { text: scale.logarithmic && !scale.ticks ? "log10" : "" }, ...ticks }),
    yaxis: axis({ type: wide ? "log" : "linear", nticks: 6 }),
    margin: { l: 10, r: 10, t: 10, b: 20 },
  }), CONFIG);
  return { figure: element("figure", {}, element("h3", { textContent: column.name }), plot), plot, draw };
}

// Figures outside the window are drawn when they become visible.
const waiting = new Map();
const watch = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (isIntersecting && waiting.has(target)) {
      waiting.get(target)();
      waiting.delete(target);
      watch.unobserve(target);
    }
  }
}, { rootMargin: "600px" });

function drawAgainst() {
  const compared = chosen.metric ? keys.filter((column) => !column.repeats) : [];
  if (!compared.length || measured().length < 2) return;
  place("against-section").hidden = false;
  const name = chosen.metric.name;
  const repeated = [...groups(measured(), ofConfiguration).values()].some((of) => of.length > 1);
  place("against-title").textContent = `${name} against each key`;
  place("against-note").textContent = `Each dot is a job; the large ones are means of configurations. ${
    repeated ? "The bars show one standard deviation over repeats in each direction." : "There are no repeats, so there is no spread to show."}`;
  for (const old of waiting.keys()) watch.unobserve(old);
  waiting.clear();
  const panels = compared.map(panel);
  for (const old of place("against").querySelectorAll(".js-plotly-plot")) Plotly.purge(old);
  place("against").replaceChildren(...panels.map((one) => one.figure));
  for (const { plot, draw } of panels) {
    plot.style.height = "250px";
    waiting.set(plot, draw);
    watch.observe(plot);
  }
}

// ---- pairs of keys

const MAX_VALUES = 60; // rows or columns
const values = (column) => [...new Set(column.values)].filter((one) => one !== null).sort((one, other) => one - other);
const pairable = keys.filter((column) => !column.repeats && values(column).length <= MAX_VALUES);

function drawMatrix() {
  if (!chosen.metric || pairable.length < 2 || measured().length < 2) return;
  place("matrix-section").hidden = false;
  const [down, across] = [place("down"), place("across")].map((select) => pairable[Number(select.value)]);
  const [ys, xs] = [values(down), values(across)];
  const cells = groups(measured(), (job) => `${ys.indexOf(down.values[job])},${xs.indexOf(across.values[job])}`);
  const of = (y, x) => {
    const found = cells.get(`${y},${x}`);
    return found ? { mean: mean(found.map((job) => chosen.metric.values[job])), count: found.length } : null;
  };
  const z = ys.map((_, y) => xs.map((_, x) => of(y, x)?.mean ?? null));
  const said = (column, value) => plain(cut(shown(column, value), 60));
  const text = ys.map((one, y) => xs.map((other, x) => {
    const cell = of(y, x);
    return `${plain(down.name)}: ${said(down, one)}<br>${plain(across.name)}: ${said(across, other)}<br>${
      cell ? `mean ${plain(chosen.metric.name)}: ${short(cell.mean)}<br>${cell.count} job${cell.count === 1 ? "" : "s"}` : "no number"}`;
  }));
  const scale = ramp();
  const colorscale = chosen.maximize ? scale : scale.map(([at], index) => [at, scale[scale.length - 1 - index][1]]);
  const few = ys.length * xs.length <= 150 && xs.length <= 14;
  const ticks = (column, found) => plainTicksOf(found.map((value, index) => ({ at: index, text: shown(column, value) })), 18);
  const trace = {
    type: "heatmap", z, text, hovertemplate: "%{text}<extra></extra>", colorscale, xgap: 2, ygap: 2,
    ...(few ? { texttemplate: "%{z:.4~g}" } : {}),
    colorbar: { thickness: 10, outlinewidth: 0, title: { text: plain(cut(chosen.metric.name, 26)), side: "right" } },
  };
  const height = Math.max(240, Math.min(900, 110 + ys.length * 40));
  place("matrix").setAttribute("aria-label",
    `Mean ${chosen.metric.name} for ${ys.length} values of ${down.name} and ${xs.length} of ${across.name}.`);
  Plotly.react(place("matrix"), [trace], layout(height, {
    xaxis: axis({ title: { text: plain(across.name) }, showgrid: false, tickmode: "array", ...ticks(across, xs) }),
    yaxis: axis({ title: { text: plain(down.name) }, showgrid: false, tickmode: "array", ...ticks(down, ys) }),
  }), CONFIG);
}
