"""What keeps a page of fifty rows cheap: nothing that is the same for every row is done for every row.

Words are looked up once per language and process, macros that depend on their arguments alone are drawn once, the
addresses of rows are put together from a pattern, and the loop of a long list takes its rows, named tuples, apart at
once: each look-up by name is a call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from functools import lru_cache, partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, NamedTuple

from flask import Flask, templating, url_for
from flask_babel import get_translations
from jinja2 import pass_eval_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.nodes import EvalContext, Expr
from jinja2.runtime import Context, Macro
from markupsafe import Markup, escape
from markupsafe import _escape_inner as _escaped  # type: ignore[attr-defined]  # what `escape` makes Markup of

from app.core.i18n import KEPT_AT_MOST, format_number, message, per_language

CHOICES_AT_MOST = 16  # of one filter
_ANY_ID = 1234567890123456789  # a number that fits every rule of addresses and is nobody's id


class Addresses(NamedTuple):
    """A maker of addresses that differ in one argument: what stands before and after it."""

    before: str
    after: str

    def __call__(self, of: Any, /) -> str:
        return f"{self.before}{of}{self.after}"


def addresses(endpoint: str, argument: str, **others: Any) -> Addresses:
    """The addresses that differ in one argument, an id, only: `addresses("tickets.show", "ticket_id")`."""
    named: dict[str, Any] = {**others, argument: _ANY_ID}
    before, _mark, after = url_for(endpoint, **named).partition(str(_ANY_ID))
    return Addresses(before, after)


@pass_eval_context
def _gettext(context: EvalContext, text: str, /, **variables: Any) -> str:
    """`_()` of templates. As Jinja does it, `%` is always a mark of a variable."""
    if not variables:
        return _marked(text) if context.autoescape else message(text) % {}
    return _filled(message(text), variables, context)


@per_language
def _marked(text: str) -> Markup:
    return Markup(message(text)) % {}  # noqa: S704 - our own messages


class _Counted(int):
    """How many, as `%(num)s` says it: grouped like every figure of a page."""

    def __str__(self) -> str:
        return format_number(int(self))


@pass_eval_context
def _ngettext(context: EvalContext, singular: str, plural: str, num: int, **variables: Any) -> str:
    return _filled(get_translations().ungettext(singular, plural, num), {"num": _Counted(num), **variables}, context)


def _filled(found: str, variables: Mapping[str, Any], context: EvalContext) -> str:
    if not context.autoescape:
        return found % variables
    escaped = {name: each if isinstance(each, int | float) else shown(each) for name, each in variables.items()}
    return Markup(found % escaped)  # noqa: S704 - our own messages


_Kept = type(lru_cache(lambda: None))


def kept(macro: Callable[..., str]) -> Callable[..., str]:
    """A macro that is drawn once for the same arguments: `{% set icon = kept(_icon) %}`; only for one without context.

    Types count: a text and the same text as Markup are not the same argument.
    """
    return lru_cache(maxsize=KEPT_AT_MOST, typed=True)(macro)


def spoken(macro: Callable[..., str], at_most: int = KEPT_AT_MOST) -> Callable[..., str]:
    """As `kept`, by language too: for a macro that says words of its own. `at_most`: fewer where one is large."""
    return per_language(macro, at_most)


class Options(tuple[Mapping[str, Any], ...]):
    """Options of a select that many pages show: their tags are drawn once for each choice and kept with them.

    As an argument of a kept macro they are told apart by what they are, not by what is in them.
    """

    __hash__ = object.__hash__
    __eq__ = object.__eq__

    def __init__(self, _options: Iterable[Mapping[str, Any]]) -> None:
        self.tags = lru_cache(maxsize=CHOICES_AT_MOST)(partial(_tags, tuple(self)))


def option_tags(options: Iterable[Mapping[str, Any]], chosen: str) -> Markup:
    """The options of a select: `value`, `label`, perhaps `disabled`, `group`, `needs`; by group, those of none first.

    Here and not in the macro, since a filter may offer hundreds of buildings.
    """
    return options.tags(chosen) if isinstance(options, Options) else _tags(options, chosen)


def _tags(options: Iterable[Mapping[str, Any]], chosen: str) -> Markup:
    groups: dict[str, list[str]] = {"": []}  # those of none come first, groups in the order they come in
    for option in options:
        value = str(option["value"])
        groups.setdefault(str(option.get("group") or ""), []).append(
            _option(
                value,
                option["label"],
                chosen=value == chosen,
                disabled=bool(option.get("disabled")),
                needs=option.get("needs"),
            )
        )
    return Markup(  # noqa: S704 - its parts are escaped above
        "".join(
            f'<optgroup label="{escape(name)}">{"".join(tags)}</optgroup>' if name else "".join(tags)
            for name, tags in groups.items()
        )
    )


@lru_cache(maxsize=KEPT_AT_MOST, typed=True)
def _option(value: str, label: Any, *, chosen: bool, disabled: bool, needs: str | None) -> str:
    marks = f"{' selected' if chosen else ''}{' disabled' if disabled else ''}"
    marks += f' data-needs="{escape(needs)}"' if needs else ""
    return f'<option value="{escape(value)}"{marks}>{escape(label)}</option>'


def shown(value: Any) -> str:
    """What an output of a template adds to the page: the value, escaped unless it is Markup.

    `markupsafe.escape` makes each of them Markup anew, five times the work; a page has a thousand and joins them.
    """
    kind = type(value)
    if kind is str:
        return _escaped(value)
    return value if kind is Markup else escape(value)


class _Code(CodeGenerator):
    """Templates as Python that writes values with `shown`."""

    def _output_child_pre(self, node: Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.shown(")


_WANTS = "jinja_pass_arg"  # where Jinja's marks (`pass_context` and its like) stand
_EVAL_CONTEXT = vars(_gettext)[_WANTS]
_FUNCTIONS = frozenset({FunctionType, MethodType, BuiltinFunctionType, _Kept})


class Page(Context):
    """The variables of a page. A page has hundreds of calls, and most are macros, kept macros, and words.

    Jinja looks at each callable several times for what it wants besides its arguments; here only at one it may.
    """

    def call(self, of: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
        """What `{{ of(…) }}` gives."""
        kind: Any = type(of)
        wants = getattr(of, _WANTS, None) if kind in _FUNCTIONS else None
        if kind in _FUNCTIONS and wants is None:
            if named:
                named.pop("_block_vars", None)
                named.pop("_loop_vars", None)
            return of(*args, **named)
        if kind is Macro or wants is _EVAL_CONTEXT:
            if named:
                named.pop("_block_vars", None)
                named.pop("_loop_vars", None)
            return of(self.eval_ctx, *args, **named)
        return super().call(of, *args, **named)


class Environment(templating.Environment):
    """Jinja's environment, without what it does for each value and for each import of a page."""

    code_generator_class = _Code
    context_class = Page
    shown = staticmethod(shown)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Those of the application itself where a template has none of its own: each import compares them all."""
        return self.globals if d is None else super().make_globals(d)


def install(app: Flask) -> None:
    """Put the above into the templates' environment; after Babel has put its own there."""
    app.jinja_env.globals.update(
        _=_gettext, gettext=_gettext, ngettext=_ngettext, kept=kept, spoken=spoken, option_tags=option_tags
    )
