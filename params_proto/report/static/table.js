// The table of all jobs: sorted by clicking a heading, and showing only the selected rows.
const table = place("table");
const rows = jobs.map((job) => place(`row-${job}`));
const texts = rows.map((row) => [...row.cells].map((cell) => cell.textContent).join("\n").toLowerCase());

function sortBy(head, descending) {
  const { values } = columns[Number(head.firstElementChild.dataset.column)];
  const order = [...jobs].sort((one, other) => {
    const [left, right] = [values[one], values[other]];
    if (left === null || right === null) return (left === null) - (right === null) || one - other;
    return (descending ? right - left || 0 : left - right || 0) || one - other;
  });
  for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", descending ? "descending" : "ascending");
  table.tBodies[0].append(...order.map((job) => rows[job]));
}

function showRows() {
  const wanted = chosen.text.toLowerCase();
  let count = 0;
  for (const job of jobs) {
    const visible = chosen.ranges.has(job) && texts[job].includes(wanted);
    rows[job].hidden = !visible;
    count += visible;
  }
  const all = `${jobs.length.toLocaleString("en")} job${jobs.length === 1 ? "" : "s"}`;
  place("shown").textContent = count === jobs.length ? all : `${count.toLocaleString("en")} of ${all}`;
  place("all").hidden = count === jobs.length && !chosen.text;
}

function markBest(job) {
  table.querySelector("tr.best")?.classList.remove("best");
  if (job !== null) rows[job].classList.add("best");
}

table.tHead.addEventListener("click", (event) => {
  const head = event.target.closest("button")?.parentElement;
  if (head) sortBy(head, head.getAttribute("aria-sort") === "ascending");
});
place("find").addEventListener("input", (event) => {
  chosen.text = event.target.value.trim();
  showRows();
});
place("filters").hidden = jobs.length < 2;
