"""A browser for every page test: ``browser`` for the session, ``open_page`` for pages that must stay free of errors."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.browser import chromium

OpenPage = Callable[..., Page]


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A headless Chromium. Playwright keeps an event loop running, so it ends before the tests of other folders."""
    folder = chromium.unpack()
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", chromium.node())
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=folder / "chromium",
            args=list(chromium.ARGUMENTS),
            env=dict(chromium.environment(folder, tmp_path_factory.mktemp("chromium"))),
        )
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """``open_page(width=320, language="en-US", colours="light")``: a page in a fresh profile.

    Errors of scripts and broken policies on any of the pages fail the test.
    """
    errors: list[str] = []
    contexts = []

    def listen(message: ConsoleMessage) -> None:
        # A status is what the card is there to explain; what the page does with it is what tests look at.
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(message.text)

    def open_one(
        *, width: int = 1280, height: int = 900, language: str = "en-US", colours: Literal["light", "dark"] = "light"
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale=language, color_scheme=colours, timezone_id="UTC"
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", listen)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where page tests leave pictures to look at."""
    return tmp_path_factory.mktemp("screenshots")
