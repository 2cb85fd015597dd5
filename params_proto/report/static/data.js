"use strict";
// The jobs by columns, as Python has written them; large numbers and infinities come as text.
const data = JSON.parse(document.getElementById("data").textContent);
const columns = data.columns.map((column) => ({
  ...column,
  values: column.options ? column.values : column.values.map((one) => (one === null ? null : Number(one))),
}));
const jobs = data.configurations.map((_, place) => place);
const ofRole = (role) => columns.filter((column) => column.role === role);
const [jobNumbers] = ofRole("job");
const [statuses] = ofRole("status");
const metrics = ofRole("metric").filter((column) => !column.options);
// A key with one value has nothing to compare.
const keys = ofRole("key").filter((column) => new Set(column.values).size > 1);

// What the page shows: by which metric, in which direction, and which jobs.
const first = metrics.find((column) => column.name === data.metric) || metrics[0];
const chosen = {
  metric: first,
  maximize: first?.maximize,
  ranges: new Set(jobs),
  text: "",
};

const place = (id) => document.getElementById(id);

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function short(number, digits = 5) {
  if (!Number.isFinite(number)) return String(number);
  const text = String(Number(number.toPrecision(digits)));
  return text.length <= 10 ? text : number.toExponential(2);
}

const shown = (column, value) =>
  value === null ? "none" : column.options ? column.options[value] : short(value);

const cut = (text, most) => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);

const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

// The sum of squares around the mean, and how many of them are free.
function spread(numbers) {
  const middle = mean(numbers);
  const squares = numbers.reduce((sum, one) => sum + (one - middle) ** 2, 0);
  return { squares, freedom: numbers.length - 1 };
}

function deviation(spreads) {
  const freedom = spreads.reduce((sum, one) => sum + one.freedom, 0);
  return freedom ? Math.sqrt(spreads.reduce((sum, one) => sum + one.squares, 0) / freedom) : null;
}

function groups(of, by) {
  const found = new Map();
  for (const job of of) {
    const name = by(job);
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(job);
  }
  return found;
}

const measured = () => jobs.filter((job) => Number.isFinite(chosen.metric.values[job]));
const ofConfiguration = (job) => data.configurations[job];
const extreme = () => (chosen.maximize ? "highest" : "lowest");
const better = (one, other) => (chosen.maximize ? one > other : one < other);

// As `params-proto best`: infinities count, and of equal ones the first.
function bestJob() {
  const { values } = chosen.metric;
  return jobs.reduce(
    (best, job) =>
      values[job] !== null && (best === null || better(values[job], values[best])) ? job : best,
    null,
  );
}

// The configuration with the best mean over its repeats; null where nothing was repeated.
function bestMean() {
  let best = null;
  for (const of of groups(measured(), ofConfiguration).values()) {
    const numbers = of.map((job) => chosen.metric.values[job]);
    const found = { job: of[0], mean: mean(numbers), deviation: deviation([spread(numbers)]), count: of.length };
    if (found.count > 1 && (best === null || better(found.mean, best.mean))) best = found;
  }
  return best;
}
