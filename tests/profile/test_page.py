"""The page in a real browser: read, live, by keyboard, without JavaScript, for everybody's eyes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Browser, Page, expect
from tests.profile import sample
from tests.profile.browser import PATIENCE_MILLISECONDS, chromium, log_in, needs_chromium
from tests.profile.running import Service

from casebus_schemas import insz_of

pytestmark = [pytest.mark.integration, needs_chromium]

AMINA = insz_of("010203004", born_from_2000=True)
LENA = insz_of("844728997")
CASE = f"/cases/{sample.HOUSING}/PREM-2026-004512"
ALL_PAGES = [
    "/",
    CASE,
    f"/cases/{sample.PERMIT}/OMV-2026-0077/1",
    f"/cases/{sample.ENERGY}/EN-1002",
    f"/cases/{sample.HOUSING}/HUUR-2026-31",
    "/notifications",
    "/preferences",
    "/access",
    "/nothing",
]

Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(locale="nl-BE") as context:
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        yield context.new_page()


def violations(page: Page) -> list[str]:
    """What axe finds, as ``rule: elements``."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {[node['html'][:120] for node in each['nodes']]}" for each in found]


def test_what_is_expected_comes_first_with_its_deadline(page: Page, service: Service) -> None:
    log_in(page, service.url, "emma")
    expect(page.locator("h1")).to_have_text("Dag Emma Peeters")
    assert page.locator("main h2").all_inner_texts()[:3] == [
        "Wat u moet doen 2",
        "Lopende dossiers 4",
        "Afgeronde dossiers 3",
    ]
    needed = page.locator("section:has(#needed) .card")
    assert needed.locator("h3").all_inner_texts() == ["Schooltoeslag 2026-2027", "Renovatiepremie voor uw dak"]
    assert needed.locator(".due-left").all_inner_texts() == ["2 dagen te laat", "nog 5 dagen"]
    assert (
        needed.nth(1).locator("a.button").get_attribute("href")
        == "https://www.wonen.example/dossier/PREM-2026-004512/document"
    )
    expect(page.locator(".state-silent")).to_have_text("Langer stil dan gewoonlijk")


def test_a_case_tells_its_story_and_is_then_read(page: Page, service: Service) -> None:
    log_in(page, service.url, "emma")
    page.get_by_role("link", name="Omgevingsvergunning voor een tuinhuis").click()
    entries = page.locator(".entry")
    assert entries.locator(".entry-label").all_inner_texts() == [
        "In behandeling",
        "Ontvankelijk",
        "Ontvankelijk",
        "Ingediend",
    ]
    correction, corrected = entries.locator(".entry-note").all_inner_texts()
    assert correction.startswith("Rechtzetting door de dienst op ")
    reported, _, until = corrected.partition(", rechtgezet op ")
    assert reported.startswith("Gemeld op ")
    assert until == correction.removeprefix("Rechtzetting door de dienst op ")
    assert entries.locator("s").all_inner_texts() == ["Ontvankelijk"]
    expect(page.locator("li[aria-current=step]")).to_contain_text("Behandeling")
    page.goto(service.url)
    expect(page.locator(".card", has_text="Omgevingsvergunning").locator(".news")).to_have_count(0)
    page.goto(f"{service.url}/cases/{sample.ENERGY}/EN-1002")
    expect(page.locator(".notice")).to_contain_text("ingetrokken")


def test_news_appears_by_itself_while_the_page_is_open(page: Page, service: Service) -> None:
    now = datetime.now(UTC)
    service.publish(AMINA, [sample.premium(now)], version=1)
    log_in(page, service.url, "amina")
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    expect(page.locator(".badge-in-progress, .card-needed")).to_have_count(1)
    page.get_by_role("link", name="Renovatiepremie voor uw dak").focus()
    service.publish(AMINA, [sample.premium(now, code="DossierVolledig"), sample.permit(now)], version=2)
    expect(page.locator(".lead")).to_contain_text("niets van u verwacht")
    expect(page.locator("section:has(#running) .card")).to_have_count(2)
    expect(page.locator("#live .live-text")).to_have_text("Uw overzicht is bijgewerkt.")
    expect(page.get_by_role("link", name="Renovatiepremie voor uw dak")).to_be_focused()


def test_the_language_can_be_switched_and_stays(page: Page, service: Service) -> None:
    log_in(page, service.url, "emma")
    for language, title, greeting in (
        ("fr", "Prime à la rénovation de votre toiture", "Bonjour Emma Peeters"),
        ("de", "Renovierungsprämie für Ihr Dach", "Guten Tag Emma Peeters"),
        ("en", "Renovation grant for your roof", "Hello Emma Peeters"),
    ):
        page.locator(f".languages a[lang={language}]").click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("h1")).to_have_text(greeting)
        page.get_by_role("link", name=title).click()
        expect(page.locator("h1")).to_have_text(title)
        page.goto(service.url)
        expect(page.locator("h1")).to_have_text(greeting)


def test_everything_works_without_javascript(browser: Browser, service: Service) -> None:
    with browser.new_context(java_script_enabled=False, locale="nl-BE") as context:
        page = context.new_page()
        log_in(page, service.url, "emma")
        page.get_by_role("link", name="Renovatiepremie voor uw dak").click()
        expect(page.locator("h1")).to_have_text("Renovatiepremie voor uw dak")
        page.get_by_role("link", name="Voorkeuren").click()
        page.get_by_label("E-mailadres").fill("emma@example")
        page.get_by_role("button", name="Bewaren").click()
        expect(page.get_by_label("E-mailadres")).to_have_attribute("aria-invalid", "true")
        page.get_by_label("E-mailadres").fill("emma@example.com")
        page.get_by_label("Vanaf").fill("22:00")
        page.get_by_role("button", name="Bewaren").click()
        expect(page.locator("#quiet-wrong")).to_be_visible()
        page.get_by_label("Tot").fill("07:00")
        page.get_by_role("group", name="Gewoon nieuws").get_by_label("Elke week samengevat").check()
        page.get_by_role("button", name="Bewaren").click()
        expect(page.get_by_role("status")).to_contain_text("bewaard")
        page.get_by_role("link", name="Wie keek").click()
        expect(page.locator("tbody tr").first).to_contain_text("uzelf")
        page.get_by_role("button", name="Afmelden").click()
        expect(page.locator("h1")).to_have_text("Volg uw dossiers bij de overheid")
        page.goto(f"{service.url}{CASE}")
        expect(page.locator("h1")).to_have_text("Who do you want to be?")


def test_everything_can_be_reached_by_keyboard(page: Page, service: Service) -> None:
    log_in(page, service.url, "emma")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate(
            "document.activeElement.matches('main *') ? document.activeElement.textContent.trim() : ''"
        )
        if not name:
            break
        assert page.evaluate(
            "(() => { const e = document.activeElement;"
            " return [getComputedStyle(e), getComputedStyle(e, '::after')].some((s) => s.outlineStyle !== 'none'); })()"
        ), f"the focus cannot be seen on {name}"
        reached.append(name)
    links = page.locator("main a").all_text_contents()
    assert reached == [link.strip() for link in links]
    page.get_by_role("link", name="Renovatiepremie voor uw dak").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Renovatiepremie voor uw dak")


def test_a_weak_login_is_offered_a_stronger_one_for_what_it_may_not_see(page: Page, service: Service) -> None:
    log_in(page, service.url, "emma-app")
    assert sample.SECRET_WORD not in page.content()
    page.get_by_role("link", name="Vertrouwelijk dossier").click()
    assert sample.SECRET_WORD not in page.content()
    page.locator(".notice a.button").click()
    page.locator("#emma").click()
    expect(page.locator("h1")).to_contain_text(sample.SECRET_WORD)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_on_any_page_and_nothing_overflows(
    browser: Browser, service: Service, scheme: Scheme, width: int
) -> None:
    with browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}, locale="nl-BE") as context:
        page = context.new_page()
        page.goto(service.url)
        assert violations(page) == [], "before the login"
        log_in(page, service.url, "emma")
        for path in ALL_PAGES:
            page.goto(service.url + path)
            assert violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_more_contrast_is_given_to_who_asks_for_it(browser: Browser, service: Service) -> None:
    for scheme in ("light", "dark"):
        with browser.new_context(color_scheme=scheme, contrast="more") as context:
            page = context.new_page()
            log_in(page, service.url, "emma")
            assert violations(page) == []
            text, ground = page.evaluate(
                "[getComputedStyle(document.body).color, getComputedStyle(document.querySelector('.card')).borderColor]"
            )
            assert text != ground or scheme == "dark"


def test_axe_would_find_something(page: Page) -> None:
    page.set_content("<html><body><img src='x'><p style='color:#aaa;background:#fff'>pale</p></body></html>")
    found = " ".join(violations(page))
    assert "image-alt" in found
    assert "color-contrast" in found


def test_nobody_is_told_anything_through_the_console(page: Page, service: Service) -> None:
    """Not least a breach of our own content security policy."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    log_in(page, service.url, "lena")
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    service.publish(LENA, [sample.permit(datetime.now(UTC))], version=1)
    expect(page.locator(".card")).to_have_count(1)
    page.goto(f"{service.url}/preferences")
    # The provider has no icon of its own.
    assert [line for line in said if "404" not in line] == []
