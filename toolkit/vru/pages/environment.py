"""Jinja set up once for reports and the site: escaping always on, a missing name always an error."""

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChainableUndefined,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
)
from jinja2.runtime import Macro
from markupsafe import Markup

SERVICE_NAME = "Violence reduction evaluation library"

# A page that stands alone may show only what it carries: nothing runs, nothing is fetched, nothing is sent.
SELF_CONTAINED_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
)

# Component folder in govuk-frontend-jinja: the macro it holds. Only components whose styles are compiled in.
MACROS = {
    "back-link": "govukBackLink",
    "breadcrumbs": "govukBreadcrumbs",
    "button": "govukButton",
    "details": "govukDetails",
    "generic-header": "govukGenericHeader",
    "input": "govukInput",
    "inset-text": "govukInsetText",
    "notification-banner": "govukNotificationBanner",
    "pagination": "govukPagination",
    "panel": "govukPanel",
    "phase-banner": "govukPhaseBanner",
    "select": "govukSelect",
    "service-navigation": "govukServiceNavigation",
    "skip-link": "govukSkipLink",
    "summary-list": "govukSummaryList",
    "table": "govukTable",
    "tag": "govukTag",
    "warning-text": "govukWarningText",
}


def environment(*folders: Path) -> Environment:
    """Make the environment in which every page is rendered.

    Autoescape is on for every template and an undefined name is an error. The GOV.UK macros are
    globals (``govukTable({...})``): do not import them, and give them ``text``, never ``html``,
    for anything that came from a person or a record.

    ``layout.html`` reads these names, all with defaults: ``service_name``, ``home_href`` (None: the
    name is not a link), ``navigation`` (items with text, href and, for this page, current),
    ``banner`` (None, or a mapping with tag and text; the disclaimer), ``stylesheet_href`` (None:
    the CSS goes inside the page), ``csp``, ``nonce`` (None, or the value ``csp`` names),
    ``footer_text`` and ``footer_links``. Its blocks: title, head, header, before_content, content,
    footer, scripts.

    Parameters
    ----------
    *folders : folders of further templates, searched before the shared ones.

    Raises
    ------
    jinja2.UndefinedError, when rendering: a template names something it was not given.
    """
    loaders: list[BaseLoader] = [FileSystemLoader(folder) for folder in folders]
    loaders.append(PackageLoader("vru.pages", "templates"))
    made = Environment(
        loader=ChoiceLoader(loaders), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.globals.update(_components())
    made.globals.update(
        service_name=SERVICE_NAME,
        home_href=None,
        navigation=(),
        banner=None,
        stylesheet_href=None,
        csp=SELF_CONTAINED_CSP,
        nonce=None,
        footer_text="",
        footer_links=(),
        inline_css=Markup(stylesheet()),
    )
    return made


@lru_cache(maxsize=1)
def stylesheet() -> str:
    """The whole CSS: GOV.UK Frontend compiled without its brand, then this toolkit's own rules."""
    assets = files("vru.pages") / "assets"
    return "".join((assets / name).read_text(encoding="utf-8") for name in ("govuk-frontend.css", "vru.css"))


@lru_cache(maxsize=1)
def _components() -> dict[str, Macro]:
    # The macros test for keys that a caller may leave out, so they cannot live in a strict environment.
    lenient = Environment(
        loader=PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        autoescape=True,
        undefined=ChainableUndefined,
    )
    found: dict[str, Macro] = {}
    for folder, name in MACROS.items():
        module = lenient.get_template(f"govuk_frontend_jinja/components/{folder}/macro.html").module
        found[name] = getattr(module, name)
    return found
