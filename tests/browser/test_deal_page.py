"""A rep opens a deal in the CRM and reads, in the card beside it, what it pays and what it would pay."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from mappings.records import Stage
from tests.browser.company import Company, open_company
from tests.browser.conftest import OpenPage
from tests.mashup_api import world
from warehouse import canonical
from warehouse.database import writing

_PACE = 0.16
"""Seconds from one question of the card to its next."""


@pytest.fixture(scope="module")
def company(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    path = tmp_path_factory.mktemp("company") / "warehouse.db"
    shutil.copyfile(sqlite_template, path)
    with open_company(f"sqlite:///{path}") as opened:
        yield opened


def sign_in(page: Page, company: Company, name: str) -> None:
    page.goto(company.crm)
    page.get_by_role("button", name=name).click()
    expect(page.locator(".me")).to_contain_text(name)


def open_deal(page: Page, company: Company, ref: str) -> FrameLocator:
    page.goto(f"{company.crm}/deals/{ref}")
    return page.frame_locator("iframe.bonusbridge-frame")


def test_a_rep_reads_the_bonus_moves_the_amount_and_sees_the_new_bonus(open_page: OpenPage, company: Company) -> None:
    page = open_page()
    sign_in(page, company, "Ada Park")
    page.get_by_role("link", name="Contoso rollout").click()
    card = page.frame_locator("iframe.bonusbridge-frame")
    expect(card.locator(".total")).to_have_text("$7,460.00")
    expect(card.get_by_role("img", name="This deal moves quota attainment from 82.4% to 107.4%.")).to_be_visible()
    expect(card.get_by_text("GTX launch bonus")).to_be_visible()

    card.get_by_label("Amount", exact=True).first.fill("250,000")
    expect(card.locator(".total")).to_have_text("$17,460.00")
    expect(card.locator(".delta")).to_have_text("+$10,000.00 against the deal as it stands")
    expect(card.get_by_role("status")).to_have_text("Bonus $17,460.00. +$10,000.00 against the deal as it stands.")

    card.get_by_role("button", name="Back to the deal as it stands").click()
    expect(card.locator(".total")).to_have_text("$7,460.00")


def test_sliders_answer_while_they_move_and_the_last_answer_stays(open_page: OpenPage, company: Company) -> None:
    page = open_page()
    sign_in(page, company, "Ada Park")
    card = open_deal(page, company, "006CONTOSO")
    calls: list[str] = []
    page.on("request", lambda request: calls.append(request.url) if "simulations" in request.url else None)
    slider = card.get_by_role("slider", name="Amount")
    slider.focus()
    seen, begun = set(), time.monotonic()
    for _ in range(40):
        slider.press("ArrowRight")
        page.wait_for_timeout(50)
        seen.add(card.locator(".total").inner_text())
    # 40 % more: 50,000 at 8 %.
    expect(card.locator(".total")).to_have_text("$11,460.00")
    assert len(seen) > 4, "it should answer while the slider moves"
    assert len(calls) <= (time.monotonic() - begun) / _PACE + 2, "some six calls a second, however long the steps take"
    assert slider.get_attribute("aria-valuetext") == "175,000"


def test_a_discount_and_a_later_date_change_the_bonus(open_page: OpenPage, company: Company) -> None:
    page = open_page()
    sign_in(page, company, "Ada Park")
    card = open_deal(page, company, "006CONTOSO")
    discount = card.get_by_role("slider", name="Discount")
    discount.fill("20")
    expect(card.locator(".total")).to_have_text("$6,460.00")
    card.get_by_role("button", name="Back to the deal as it stands").click()
    card.get_by_role("slider", name="Closes on").press("End")
    expect(card.locator(".delta")).to_be_visible()


def test_an_amount_that_is_none_is_refused_at_once_and_the_answer_stays(open_page: OpenPage, company: Company) -> None:
    page = open_page()
    sign_in(page, company, "Ada Park")
    card = open_deal(page, company, "006CONTOSO")
    field = card.get_by_label("Amount", exact=True).first
    for typed in ("-5", "NaN", "1e400", "twelve"):
        field.fill(typed)
        expect(card.get_by_role("alert")).to_have_text("Enter an amount such as 12500 or 12500.50")
        expect(card.locator(".total")).to_have_text("$7,460.00")
    field.fill("999999999999999")
    expect(card.locator(".total")).not_to_have_text("$7,460.00")


def test_a_colleagues_deal_shows_nothing_of_it(open_page: OpenPage, company: Company) -> None:
    page = open_page()
    bodies: list[str] = []
    page.on("response", lambda response: bodies.append(response.text()) if "/v1/" in response.url else None)
    sign_in(page, company, "Ada Park")
    page.get_by_role("link", name="All deals").click()
    page.get_by_role("link", name="Adatum pilot").click()
    card = page.frame_locator("iframe.bonusbridge-frame")
    expect(card.get_by_role("heading", name="No bonus of yours on this deal")).to_be_visible()
    expect(card.get_by_text("owner to add you to its split")).to_be_visible()
    frame = page.frames[1]
    shown = frame.content() + frame.evaluate("document.querySelector('bonusbridge-deal').shadowRoot.innerHTML")
    for text in (shown, *bodies):
        assert "1,200" not in text
        assert "1200" not in text
        assert "Adatum" not in text


def test_a_manager_sees_the_team_and_the_administrator_everybody(open_page: OpenPage, company: Company) -> None:
    page = open_page()
    sign_in(page, company, "Mia Rossi")
    card = open_deal(page, company, "006JOINT")
    expect(card.locator(".total")).to_have_text("$640.00")
    card.get_by_role("combobox", name="Show for").select_option("Ada Park")
    expect(card.get_by_role("heading", name="bonus on this deal")).to_be_visible()
    page.get_by_role("button", name="Switch person").click()
    page.get_by_role("button", name="Zoe Quinn").click()
    expect(page.locator(".me")).to_contain_text("Zoe Quinn")
    card = open_deal(page, company, "006NORTH")
    expect(card.get_by_role("combobox", name="Show for").get_by_role("option")).to_have_count(2)


def test_every_control_has_a_name_and_the_keyboard_reaches_it(open_page: OpenPage, company: Company) -> None:
    page = open_page()
    sign_in(page, company, "Ada Park")
    card = open_deal(page, company, "006CONTOSO")
    for role, name in (("textbox", "Amount"), ("slider", "Amount"), ("slider", "Closes on"), ("slider", "Discount")):
        expect(card.get_by_role(role, name=name)).to_be_visible()  # type: ignore[arg-type] # a literal in the loop
    card.get_by_role("textbox", name="Amount").focus()
    names = []
    for _ in range(4):
        page.keyboard.press("Tab")
        names.append(
            page.frames[1].evaluate("document.querySelector('bonusbridge-deal').shadowRoot.activeElement.tagName")
        )
    assert names == ["INPUT", "INPUT", "INPUT", "SUMMARY"]


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en-US", ("Your bonus on this deal", "Quota attainment", "What if …", "When it is paid", "Data as of")),
        ("zh-CN", ("这笔商机的奖金", "配额达成率", "如果……", "何时发放", "数据截至")),
    ],
)
@pytest.mark.parametrize("width", [320, 1280])
def test_the_card_fits(
    open_page: OpenPage,
    company: Company,
    screenshots: Path,
    width: int,
    language: str,
    texts: tuple[str, ...],
    colours: Literal["light", "dark"],
) -> None:
    page = open_page(width=width, language=language, colours=colours)
    sign_in(page, company, "Ada Park")
    card = open_deal(page, company, "006CONTOSO")
    for text in texts:
        expect(card.get_by_text(text, exact=True).first).to_be_visible()
    page.wait_for_timeout(200)
    for frame in page.frames:
        assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    frame = page.frames[1]
    assert frame.evaluate("document.documentElement.scrollHeight <= innerHeight"), "the frame follows its content"
    overflowing = frame.evaluate(
        """[...document.querySelector('bonusbridge-deal').shadowRoot.querySelectorAll('*')]
            .filter(e => e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.className)"""
    )
    assert overflowing == []
    page.screenshot(path=screenshots / f"deal-{width}-{language}-{colours}.png", full_page=True)


def test_a_site_that_is_not_listed_frames_nothing(browser: Browser, company: Company) -> None:
    page = browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(f"{company.other_site}/framing")
    page.wait_for_timeout(300)
    assert any("frame-ancestors" in text for text in refused)
    assert "bonusbridge" not in page.frames[1].content()
    page.context.close()


def test_the_embedded_page_by_itself_asks_nobody_and_shows_no_pay(open_page: OpenPage, company: Company) -> None:
    page = open_page()
    calls: list[str] = []
    page.on("request", lambda request: calls.append(request.url) if "/v1/" in request.url else None)
    page.goto(f"{company.api}/embed/deal?source=crm&ref=006CONTOSO")
    page.evaluate("postMessage({type: 'bonusbridge:token', token: 'x'}, '*')")
    page.wait_for_timeout(200)
    assert calls == []
    assert page.locator(".total").count() == 0


def test_a_frame_cannot_grow_without_bounds(open_page: OpenPage, company: Company) -> None:
    page = open_page()
    sign_in(page, company, "Ada Park")
    expect(open_deal(page, company, "006CONTOSO").locator(".total")).to_be_visible()
    for height, expected in (("1e9", 2400), ("-1", 120), ("'9999px'", 120), ("NaN", 120)):
        page.frames[1].evaluate(f"parent.postMessage({{type: 'bonusbridge:resize', height: {height}}}, '*')")
        page.wait_for_timeout(50)
        assert page.locator("iframe").evaluate("frame => frame.offsetHeight") == expected
    page.evaluate("postMessage({type: 'bonusbridge:resize', height: 700}, '*')")
    page.wait_for_timeout(50)
    assert page.locator("iframe").evaluate("frame => frame.offsetHeight") == 120, "not from the card's frame"


SHOW_BARE = """tokens => {
    const card = document.createElement("bonusbridge-deal");
    for (const [name, value] of Object.entries({source: "crm", ref: "006CONTOSO"})) card.setAttribute(name, value);
    card.getToken = ({isRefused}) => tokens.shift() ?? null;
    document.querySelector("main").append(card);
}"""


def test_the_bare_element_lives_under_a_strict_policy_and_renews_its_token(browser: Browser, company: Company) -> None:
    page = browser.new_page()
    violations: list[str] = []
    page.on("console", lambda message: violations.append(message.text) if "Policy" in message.text else None)
    page.goto(f"{company.crm}/bare")
    token = company.issuer.mint(world.PEOPLE["ada"].email, deal_id="crm:006CONTOSO")
    page.evaluate(SHOW_BARE, ["worn.out.token", token])
    expect(page.locator(".total")).to_have_text("$7,460.00")
    assert violations == []
    assert token not in page.content()
    page.context.close()


def test_a_session_that_ended_and_a_lost_connection_say_what_to_do(browser: Browser, company: Company) -> None:
    page = browser.new_page()
    page.goto(f"{company.crm}/bare")
    page.evaluate(SHOW_BARE, ["worn.out.token", None])
    expect(page.get_by_role("heading", name="Your session has ended")).to_be_visible()
    page.reload()
    page.context.set_offline(True)
    page.evaluate(SHOW_BARE, [company.issuer.mint(world.PEOPLE["ada"].email) for _ in range(2)])
    expect(page.get_by_role("heading", name="BonusBridge cannot be reached")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".total")).to_have_text("$7,460.00")
    page.context.close()


def test_a_deal_that_was_closed_meanwhile_says_so(open_page: OpenPage, company: Company) -> None:
    page = open_page()
    sign_in(page, company, "Bo Li")
    card = open_deal(page, company, "006ADATUM")
    expect(card.locator(".total")).to_be_visible()
    deal = next(record for record in world.records() if record.ref == "006ADATUM")
    won = deal.model_copy(update={"stage": Stage.WON})
    with writing(company.engine) as connection:
        canonical.put(connection, [won], landing_ids=[2], mapping_version="test")
    card.get_by_role("slider", name="Discount").fill("20")
    expect(card.get_by_role("heading", name="This deal has changed")).to_be_visible()
    expect(card.get_by_role("button", name="Try again")).to_be_visible()
