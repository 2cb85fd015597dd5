"""Chromium, without a window."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

CURE = "apt-get install chromium chromium-driver"
# What root, a container and a machine without a graphics card need.
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
)


@contextmanager
def chromium(width: int = 1280, height: int = 900) -> Generator[Chrome, None, None]:
    """A browser, which remembers what is written to its console.

    Args:
        width: of its window, in pixels.
        height: of its window.
    """
    options = ChromeOptions()
    for argument in (*_ARGUMENTS, f"--window-size={width},{height}"):
        options.add_argument(argument)
    options.binary_location = _found("chromium")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = Chrome(options, Service(_found("chromedriver")))
    try:
        yield browser
    finally:
        browser.quit()


def prefer(browser: Chrome, theme: str) -> None:
    """Says whether the user has a `light` or a `dark` desktop."""
    features = [{"name": "prefers-color-scheme", "value": theme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def picture(browser: Chrome, path: Path, height: int | None = None) -> None:
    """A picture of the page, all of it or the upper part.

    Args:
        browser: it shows the page.
        path: of the PNG.
        height: in pixels, where that is not all.
    """
    width = browser.execute_script("return innerWidth")
    full = browser.execute_script("return document.documentElement.scrollHeight")
    metrics = {"width": width, "height": height or full, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    # The figures come into sight, and the lines are drawn in steps.
    browser.execute_async_script("setTimeout(arguments[0], 2000)")
    path.parent.mkdir(parents=True, exist_ok=True)
    browser.save_screenshot(str(path))
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def _found(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"{name} is not on the PATH: {CURE}")
    return path
