"use strict";
// The jobs by column, written by Python; large numbers and infinities are text.
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
// Keys with a single value are not compared.
const keys = ofRole("key").filter((column) => new Set(column.values).size > 1);

// The state of the page: metric, direction and selected jobs.
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

const cut = (text, limit) => (text.length <= limit ? text : `${text.slice(0, limit - 1)}…`);

const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

// The sum of squares around the mean, and the degrees of freedom.
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

// Like `params-proto best`: infinities count, and the first of equal ones wins.
function bestJob() {
  const { values } = chosen.metric;
  return jobs.reduce(
    (best, job) =>
      values[job] !== null && (best === null || better(values[job], values[best])) ? job : best,
    null,
  );
}

// The configuration with the best mean over its repeats; null if there are no repeats.
function bestMean() {
  let best = null;
  for (const of of groups(measured(), ofConfiguration).values()) {
    const numbers = of.map((job) => chosen.metric.values[job]);
    const found = { job: of[0], mean: mean(numbers), deviation: deviation([spread(numbers)]), count: of.length };
    if (found.count > 1 && (best === null || better(found.mean, best.mean))) best = found;
  }
  return best;
}
