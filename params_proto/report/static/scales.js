// The positions of a column's values on an axis. Users' text is escaped for Plotly, which parses
// some tags in all text except the ticks of parallel coordinates.
const MARKS = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const plain = (text) => text.replace(/[&<>]/g, (mark) => MARKS[mark]).replace(/\s/g, " ");

const FEW = 12; // numbers that all get a tick
const SHOWN = 30; // the most ticks with a label
const BRUSHED = 200; // the most texts that can be selected one by one
const present = (column) => column.values.filter((one) => Number.isFinite(one));

// Keeps texts apart that are cut to the same one, because Plotly places ticks by their texts. Ticks
// without a label get an invisible one.
function distinct(texts) {
  const seen = new Map();
  return texts.map((text) => {
    const count = (seen.get(text) || 0) + 1;
    seen.set(text, count);
    return text === "" ? "\u200b".repeat(count) : count === 1 ? text : `${text} (${count})`;
  });
}

// Whether to use a logarithmic scale: common for swept rates, rare for measured values.
function isWide({ role, options }, values) {
  const least = Math.min(...values);
  return !options && least > 0 && Math.max(...values) / least >= (role === "key" ? 20 : 1000);
}

// at: the position of a value, null for none; values: the distinct ones; ticks: for a few numbers,
// or for texts; gap: the smallest distance between ticks; logarithmic: whether the scale is.
function scaleOf(column) {
  const values = [...new Set(present(column))].sort((one, other) => one - other);
  const logarithmic = isWide(column, values);
  const position = logarithmic ? Math.log10 : (value) => value;
  const at = (value) => (Number.isFinite(value) ? position(value) : null);
  const low = values.length ? at(values[0]) : 0;
  const high = values.length ? at(values[values.length - 1]) : 1;
  const span = high - low || 1;
  let ticks = null;
  let gap = 0;
  if (column.options || (column.role === "key" && values.length <= FEW)) {
    const steps = values.slice(1).map((value, index) => at(value) - at(values[index]));
    gap = Math.min(span, ...steps);
    const step = Math.ceil(values.length / SHOWN);
    let last = -Infinity;
    ticks = values.map((value, index) => {
      const fits = index % step === 0 && at(value) - last >= span / 25;
      if (fits) last = at(value);
      return { at: at(value), text: fits ? shown(column, value) : "" };
    });
    if (ticks.length > BRUSHED) ticks = ticks.filter((tick) => tick.text);
  }
  return { at, values, low, high, span, ticks, gap, logarithmic };
}

const ticksOf = (ticks, most) => ({
  tickvals: ticks.map((tick) => tick.at),
  ticktext: distinct(ticks.map((tick) => cut(tick.text, most))),
});
const plainTicksOf = (ticks, most) => {
  const found = ticksOf(ticks, most);
  return { ...found, ticktext: found.ticktext.map(plain) };
};
