// Where the values of a column stand on an axis. Text of users' is escaped for Plotly, which reads
// some tags in what it writes: all but the ticks of parallel coordinates.
const MARKS = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const plain = (text) => text.replace(/[&<>]/g, (mark) => MARKS[mark]).replace(/\s/g, " ");

const FEW = 12; // values that all get a tick
const present = (column) => column.values.filter((one) => Number.isFinite(one));

// Two texts that are cut to the same one stay two.
function distinct(texts) {
  const seen = new Map();
  return texts.map((text) => {
    const count = (seen.get(text) || 0) + 1;
    seen.set(text, count);
    return count === 1 ? text : `${text} (${count})`;
  });
}

// Whether the powers of the numbers matter: rates are swept so, and what is measured rarely is.
function isWide({ role, options }, values) {
  const least = Math.min(...values);
  return !options && least > 0 && Math.max(...values) / least >= (role === "key" ? 20 : 1000);
}

// at: where a value stands, null for none; ticks: for few values, or texts, and the least gap between
// them; logarithmic or not.
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
    const step = Math.ceil(values.length / 30);
    let last = -Infinity;
    ticks = values
      .filter((value, index) => index % step === 0)
      .map((value) => ({ at: at(value), text: shown(column, value) }))
      .filter((tick) => (tick.at - last >= span / 25 ? ((last = tick.at), true) : false));
  }
  return { at, low, high, span, ticks, gap, logarithmic };
}

const ticksOf = (ticks, most) => ({
  tickvals: ticks.map((tick) => tick.at),
  ticktext: distinct(ticks.map((tick) => cut(tick.text, most))),
});
const plainTicksOf = (ticks, most) => {
  const found = ticksOf(ticks, most);
  return { ...found, ticktext: found.ticktext.map(plain) };
};
