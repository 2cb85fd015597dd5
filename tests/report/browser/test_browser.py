"""The page of a sweep in Chromium: make test-report."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from params_proto import Sweep
from params_proto.cli.main import main
from tests.report.browser.chromium import chromium, prefer
from tests.report.sweeps import CrashedError, PendingError, leave

EVIL = "</script><script>document.title='owned'</script>"
LINES = "return document.getElementById('lines').data[0]"


def loss(config: dict[str, Any]) -> Any:
    if config["lr"] == 0.3 and config["seed"] == 1:
        raise ValueError(f"the loss of {config['opt']} is no number")
    noise = random.Random(str(config)).gauss(0, 0.02)
    value = 0.3 + abs(math.log10(config["lr"]) + 2) / 5 + (config["opt"] == "sgd") / 8 + noise
    return {"loss": value, "accuracy": 1 - value / 2}


def raises(config: dict[str, Any]) -> Any:
    raise ValueError(EVIL)


def odd(config: dict[str, Any]) -> Any:
    if config["n"] > 3:
        raise PendingError if config["n"] == 4 else CrashedError
    return {"loss": [0.5, float("nan"), float("inf"), "diverged"][config["n"]], EVIL: 1.5}


FORTY = Sweep().product(opt=["adam", "sgd"], lr=[0.001, 0.01, 0.1, 0.3], batch=[16, 64])
MANY = Sweep().product(
    {
        "opt": ["adam", "sgd"],
        "lr": [10 ** (-i / 6) for i in range(25)],
        "model.layers": [[64], [64, 32]],
        "augment": [False, True],
        "seed": range(10),
    }
)
SWEEPS: dict[str, tuple[Sweep, Any]] = {
    "forty": (FORTY.product(seed=range(3))[:40], loss),
    "many": (MANY, loss),
    "one": (Sweep().set(opt="adam", lr=0.01, seed=0), loss),
    "repeats of one": (Sweep().set(opt="adam", lr=0.01, seed=0).repeat(3), loss),
    "failed": (Sweep().product(opt=[EVIL, "<b>bold</b>"], seed=range(3)), raises),
    "no metric": (Sweep().product(opt=["adam", "sgd"], seed=range(3)), lambda config: None),
    "none ran": (Sweep().product(n=[4], m=range(3)), odd),
    "names": (Sweep().product(name=[f"run of {n}" for n in range(100)], lr=[1, 2]), raises),
    "odd": (Sweep().product({"n": range(6), "layers": [[64, 32], None, 1], "x": [EVIL]}), odd),
}


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("sweeps")
    for name, (sweep, task) in SWEEPS.items():
        leave(out / name, sweep, task)
        assert main(["report", str(out / name)]) == 0
    return {name: out / name / "report.html" for name in SWEEPS}


@pytest.fixture(scope="session")
def started() -> Iterator[Chrome]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def browser(started: Chrome) -> Iterator[Chrome]:
    prefer(started, "light")
    yield started
    assert [entry for entry in started.get_log("browser") if entry["level"] == "SEVERE"] == []


@pytest.fixture
def show(browser: Chrome, pages: dict[str, Path]) -> Any:
    def shown(name: str) -> Chrome:
        browser.get(pages[name].as_uri())
        WebDriverWait(browser, 60).until(
            lambda _: browser.execute_script("return document.documentElement.dataset.drawn")
        )
        return browser

    return shown


def column(browser: Chrome, name: str) -> list[str]:
    """What the table shows in a column, row by row."""
    return browser.execute_script(
        """
        const heads = [...document.querySelectorAll("thead th")].map((one) => one.textContent);
        const at = heads.indexOf(arguments[0]);
        return [...document.querySelectorAll("tbody tr")]
          .filter((row) => row.offsetParent).map((row) => row.cells[at].textContent);
        """,
        name,
    )


def head(browser: Chrome, name: str) -> Any:
    return browser.find_element(By.XPATH, f"//thead//button[text()='{name}']")


@pytest.mark.parametrize("name", SWEEPS)
def test_it_opens_without_a_complaint(name: str, show: Any) -> None:
    browser = show(name)

    assert [entry["message"] for entry in browser.get_log("browser")] == []
    assert browser.title != "owned"
    assert len(column(browser, "job")) == len(SWEEPS[name][0])


@pytest.mark.parametrize("name", [name for name in SWEEPS if not name.endswith("one")])
def test_there_is_a_line_for_each_job(name: str, show: Any) -> None:
    trace = show(name).execute_script(LINES)

    assert trace["type"] == "parcoords"
    jobs = len(SWEEPS[name][0])
    assert {len(one["values"]) for one in trace["dimensions"]} == {jobs}
    assert not [value for one in trace["dimensions"] for value in one["values"] if value is None]
    assert len(trace["line"]["color"]) == jobs


def test_it_asks_the_network_for_nothing(show: Any, pages: dict[str, Path]) -> None:
    browser = show("forty")

    sent = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    addresses = [
        one["params"]["request"]["url"]
        for one in sent
        if one["method"] == "Network.requestWillBeSent"
    ]
    # What the page makes itself is at a blob's or a data's address.
    others = [one for one in addresses if not one.startswith(("file:", "blob:", "data:"))]
    assert pages["forty"].as_uri() in addresses
    assert others == []


def test_it_is_small_enough(pages: dict[str, Path]) -> None:
    assert len(SWEEPS["many"][0]) == 2000
    assert pages["many"].stat().st_size < 8_000_000


@pytest.mark.parametrize("name", ["forty", "many"])
def test_the_table_sorts(name: str, show: Any) -> None:
    browser = show(name)
    for descending in (False, True):
        head(browser, "loss").send_keys(Keys.ENTER)

        cells = column(browser, "loss")
        numbers = [float(cell) for cell in cells if cell]
        assert numbers == sorted(numbers, reverse=descending)
        assert len(numbers) > 20
        assert not any(cells[len(numbers) :])  # those without a number stand last
        parent = head(browser, "loss").find_element(By.XPATH, "..")
        assert parent.get_attribute("aria-sort") == ("descending" if descending else "ascending")
    head(browser, "job").click()
    assert column(browser, "job") == [str(job) for job in range(len(cells))]


def runs_the_job_that_it_names(browser: Chrome) -> None:
    """The command of the best job, all of which a click selects."""
    job = int(browser.find_element(By.CSS_SELECTOR, "#best a").text.removeprefix("job "))
    overrides = [*SWEEPS["forty"][0].overrides()][job]
    command = browser.find_element(By.CSS_SELECTOR, "#best .note code")
    assert command.text == f"python train.py {' '.join(overrides)}"
    command.click()
    assert browser.execute_script("return getSelection().toString()") == command.text


def test_the_best_follows_what_is_chosen(show: Any) -> None:
    browser = show("forty")
    losses = [float(cell) for cell in column(browser, "loss") if cell]
    best = browser.find_element(By.ID, "best")
    assert f"{min(losses):.3f}" in best.text
    assert "lowest loss, job " in best.text
    assert "The lowest mean over repeats" in best.text
    assert "over 3 repeats" in best.text
    runs_the_job_that_it_names(browser)

    Select(browser.find_element(By.ID, "metric")).select_by_visible_text("accuracy")

    direction = Select(browser.find_element(By.ID, "direction"))
    assert direction.first_selected_option.text == "higher is better"  # for an accuracy
    accuracies = [float(cell) for cell in column(browser, "accuracy") if cell]
    assert f"{max(accuracies):.3f}" in best.text
    assert "highest accuracy, job " in best.text
    runs_the_job_that_it_names(browser)

    direction.select_by_value("minimize")

    assert f"{min(accuracies):.5g}" in best.text
    assert "lowest accuracy, job " in best.text
    runs_the_job_that_it_names(browser)
    assert browser.execute_script(LINES)["dimensions"][-1]["label"] == "accuracy"
    assert browser.find_element(By.ID, "against-title").text == "accuracy against each key"


def test_a_brushed_axis_chooses_the_rows(show: Any) -> None:
    browser = show("forty")
    background = browser.find_elements(By.CSS_SELECTOR, ".axis-brush .background")[0]
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", background)
    height = int(background.rect["height"])

    move = ActionChains(browser).move_to_element_with_offset(background, 0, height // 3)
    move.click_and_hold().move_by_offset(0, height // 2).release().perform()  # adam is below

    WebDriverWait(browser, 30).until(lambda _: {*column(browser, "opt")} == {"adam"})
    rows = [config for config in SWEEPS["forty"][0] if config["opt"] == "adam"]
    assert browser.find_element(By.ID, "shown").text == f"{len(rows)} of 40 jobs"
    browser.find_element(By.ID, "theme").click()  # keeps them
    assert {*column(browser, "opt")} == {"adam"}
    assert browser.execute_script(LINES)["dimensions"][0]["constraintrange"]
    browser.find_element(By.ID, "all").click()
    assert len(column(browser, "opt")) == 40


def test_the_keyboard_chooses_the_same(show: Any) -> None:
    browser = show("forty")
    browser.find_element(By.CSS_SELECTOR, "#ranges summary").send_keys(Keys.ENTER)

    Select(browser.find_element(By.CSS_SELECTOR, "select[aria-label=lr]")).select_by_index(1)
    end = browser.find_element(By.CSS_SELECTOR, "input[aria-label='loss to']")
    end.send_keys("0.6", Keys.TAB)

    chosen = zip(column(browser, "lr"), column(browser, "loss"), strict=True)
    assert {lr for lr, _ in chosen} == {"0.001"}
    assert 0 < len(column(browser, "loss")) < 12
    assert max(map(float, column(browser, "loss"))) <= 0.6
    browser.find_element(By.ID, "all").click()
    assert len(column(browser, "lr")) == 40


def test_one_of_many_texts_is_chosen(show: Any) -> None:
    browser = show("names")
    browser.find_element(By.CSS_SELECTOR, "#ranges summary").send_keys(Keys.ENTER)

    names = Select(browser.find_element(By.CSS_SELECTOR, "select[aria-label=name]"))
    for name in ("run of 0", "run of 37", "run of 99"):
        names.select_by_visible_text(name)
        assert column(browser, "name") == [name] * 2


def test_every_control_is_reached_by_tab(show: Any) -> None:
    browser = show("forty")
    reached = []
    for _ in range(40):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(
            browser.execute_script(
                "const one = document.activeElement; return one.id || one.textContent"
            )
        )

    assert {"theme", "metric", "direction", "find", "job", "loss", "down", "across"} <= {*reached}


def test_a_row_is_found_by_its_text(show: Any) -> None:
    browser = show("forty")
    browser.find_element(By.ID, "find").send_keys("no number")

    failed = column(browser, "status")
    assert 0 < len(failed) < 40
    assert {*failed} == {"failed"}
    browser.find_element(By.CSS_SELECTOR, "#best a").click()  # of a row that is not shown
    assert len(column(browser, "job")) == 40


def test_each_key_has_the_metric_and_its_spread(show: Any) -> None:
    browser = show("forty")
    browser.execute_script("document.getElementById('against-section').scrollIntoView()")
    plots = WebDriverWait(browser, 30).until(
        lambda _: browser.execute_script(
            "return [...document.querySelectorAll('#against [role=img]')].every((one) => one.data)"
            " && [...document.querySelectorAll('#against [role=img]')].map((one) => one.data)"
        )
    )

    heads = [one.text for one in browser.find_elements(By.CSS_SELECTOR, "#against h3")]
    assert heads == ["opt", "lr", "batch"]  # a seed only repeats
    for jobs, means in plots:
        assert len(jobs["y"]) == sum(bool(cell) for cell in column(browser, "loss"))
        assert all(0.001 < one < 0.1 for one in means["error_y"]["array"])
    rates = [config["lr"] for config in SWEEPS["forty"][0]]
    assert plots[1][1]["x"] == pytest.approx(sorted(map(math.log10, {*rates})))


def test_two_keys_make_a_matrix(show: Any) -> None:
    browser = show("forty")
    assert len(browser.execute_script("return document.getElementById('matrix').data[0].z")) == 2

    Select(browser.find_element(By.ID, "down")).select_by_visible_text("lr")
    Select(browser.find_element(By.ID, "across")).select_by_visible_text("batch")

    z = browser.execute_script("return document.getElementById('matrix').data[0].z")
    assert [len(row) for row in z] == [2] * 4
    rows = zip(*(column(browser, name) for name in ("lr", "batch", "loss")), strict=True)
    first = [float(loss) for lr, batch, loss in rows if (lr, batch) == ("0.001", "16")]
    assert z[0][0] == pytest.approx(sum(first) / len(first), rel=1e-4)


@pytest.mark.parametrize("name", ["failed", "odd"])
def test_text_stays_text(name: str, show: Any) -> None:
    browser = show(name)
    if name == "odd":
        Select(browser.find_element(By.ID, "metric")).select_by_visible_text(EVIL)

    assert EVIL in browser.find_element(By.TAG_NAME, "body").text
    assert browser.execute_script("return document.scripts.length") == 3
    assert browser.title != "owned"
    drawn = browser.execute_script("return document.getElementById('lines').textContent")
    assert EVIL[:15] in drawn
    if name == "failed":
        assert "<b>bold</b>" in drawn
    else:
        matrix = browser.execute_script("return document.getElementById('matrix').textContent")
        assert EVIL[:15] in matrix  # beside the colors


@pytest.mark.parametrize("name", ["one", "none ran", "failed", "no metric"])
def test_what_there_is_nothing_of_is_not_shown(name: str, show: Any) -> None:
    browser = show(name)

    seen = {
        one.get_attribute("id")
        for one in browser.find_elements(By.CSS_SELECTOR, "section[id]")
        if one.is_displayed()
    }
    assert seen == {
        "jobs",
        *(["lines-section"] if name != "one" else []),
        *(["failures"] if name == "failed" else []),
    }


def test_light_and_dark(show: Any) -> None:
    browser = show("forty")

    def background() -> str:
        return browser.execute_script("return getComputedStyle(document.body).backgroundColor")

    assert background() == "rgb(255, 255, 255)"
    browser.find_element(By.ID, "theme").send_keys(Keys.ENTER)
    assert background() == "rgb(18, 22, 28)"
    prefer(browser, "dark")
    assert background() == "rgb(18, 22, 28)"
    show("forty")
    assert background() == "rgb(18, 22, 28)"
    prefer(browser, "light")
    WebDriverWait(browser, 30).until(lambda _: background() == "rgb(255, 255, 255)")
