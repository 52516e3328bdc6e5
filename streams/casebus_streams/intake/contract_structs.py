"""Structs made from the contract's models, which read what the models read, or less, in a fraction of the time.

The models stay the only source: each field's type and rules are taken from them when the structs are made, and a rule
that is not known here is an error then, never a rule left out. Where the two libraries might differ the struct is the
stricter one. One thing is left to who calls: JSON from ``plain_json`` has no control characters that a text may not
hold, so that costs no look at each text.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import NODEFAULT, Meta, Struct, defstruct
from pydantic.fields import FieldInfo

from casebus_schemas.model import ContractModel
from casebus_streams.intake.contract_rules import Check, FieldRules


class ContractStructs:
    """The structs of a set of models, each made once. Fields named ``always_present`` have no default."""

    def __init__(self, *, always_present: frozenset[str] = frozenset()) -> None:
        self._always_present = always_present
        self._made: dict[tuple[type[ContractModel], str | None], type[Struct]] = {}

    def of(self, model: type[ContractModel], *, tag_field: str | None = None) -> type[Struct]:
        """The struct with the fields of ``model`` in their order, closed even where the model is open.

        ``tag_field`` is what tells it from the others of a union. Raises ``TypeError`` for a model with a rule that is
        not known here.
        """
        if (model, tag_field) not in self._made:
            self._made[model, tag_field] = self._make(model, tag_field)
        return self._made[model, tag_field]

    def union(self, models: Iterable[type[ContractModel]], tag_field: str) -> Any:
        """The type of a value that is one of ``models``, as ``tag_field`` says."""
        structs = [self.of(model, tag_field=tag_field) for model in models]
        return Union[tuple(structs)]  # noqa: UP007 - the members are known at run time only

    def _make(self, model: type[ContractModel], tag_field: str | None) -> type[Struct]:
        _refuse_own_ways(model)
        fields: list[tuple[str, Any, Any]] = []
        checks: list[tuple[str, Check]] = []
        for name, field in model.model_fields.items():
            if name == tag_field:
                continue
            _refuse_own_writing(model, name, field)
            rules = FieldRules(field.metadata)
            optional = not field.is_required() and name not in self._always_present
            fields.append((name, self._type(field.annotation, rules), field.default if optional else NODEFAULT))
            if rules.check is not None:
                checks.append((name, rules.check))
        return defstruct(
            model.__name__,
            fields,
            namespace={"__repr__": _without_contents, **({"__post_init__": _post_init(checks)} if checks else {})},
            tag_field=tag_field,
            tag=get_args(model.model_fields[tag_field].annotation)[0] if tag_field is not None else None,
            forbid_unknown_fields=True,
            omit_defaults=True,
            kw_only=True,
            gc=False,
        )

    def _type(self, annotation: Any, rules: FieldRules) -> Any:
        """What msgspec is to read. Rules that it cannot check itself stay in ``rules.check``."""
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            rules.add(list(arguments[1:]))
            return self._type(arguments[0], rules)
        if origin in (Union, UnionType):
            return self._union_type([one for one in arguments if one is not NoneType], NoneType in arguments, rules)
        if origin is tuple and arguments[1:] == (...,):
            items = FieldRules([])
            item = self._type(arguments[0], items)
            if items.check is not None:
                raise TypeError(f"no way is known to check each item of {annotation!r}")
            return Annotated[list[item], Meta(**rules.meta)]  # type: ignore[valid-type]  # made at run time
        return annotation if origin is Literal else self._plain_type(annotation, rules)

    def _union_type(self, members: list[Any], optional: bool, rules: FieldRules) -> Any:
        if len(members) == 1:
            inner = self._type(members[0], rules)
        elif rules.tag_field is not None:
            inner = self.union(members, rules.tag_field)
        else:
            raise TypeError(f"nothing tells {members!r} apart")
        return inner | None if optional else inner

    def _plain_type(self, annotation: Any, rules: FieldRules) -> Any:
        if (annotation is datetime and rules.form == "time") or (annotation is int and rules.form == "sequence"):
            return Annotated[str, Meta(**rules.meta)]
        if rules.form == "plain" and annotation in (str, int, bool):
            rules.let_check_match()
            return Annotated[annotation, Meta(**rules.meta)]
        if isinstance(annotation, type) and issubclass(annotation, StrEnum) and not rules.meta:
            return Literal[tuple(one.value for one in annotation)]
        if isinstance(annotation, type) and issubclass(annotation, ContractModel) and not rules.meta:
            return self.of(annotation)
        raise TypeError(f"no way is known to read {annotation!r}")


def _post_init(checks: list[tuple[str, Check]]) -> Callable[[Any], None]:
    """What checks, and puts in the written form, the fields that ask for more than msgspec can check."""
    if len(checks) > 1:
        each = [_post_init([one]) for one in checks]

        def check_all(self: Any) -> None:
            for check_one in each:
                check_one(self)

        return check_all
    [(name, check)] = checks

    def check_one(self: Any) -> None:
        text = getattr(self, name)
        if text is not None and (written := check(text)) is not text:
            setattr(self, name, written)

    return check_one


def _without_contents(self: object) -> str:
    """A national number may be in there."""
    return f"<{type(self).__name__}>"


def _refuse_own_ways(model: type[ContractModel]) -> None:
    """Raises ``TypeError`` for a model that differs from the others in more than its fields."""
    decorators = model.__pydantic_decorators__
    own = [kind.name for kind in dataclasses.fields(decorators) if getattr(decorators, kind.name)]
    if own or model.model_config | {"extra": "forbid"} != ContractModel.model_config:
        raise TypeError(f"no way is known to do what {model.__name__} has of its own: {own or model.model_config}")


def _refuse_own_writing(model: type[ContractModel], name: str, field: FieldInfo) -> None:
    """Raises ``TypeError`` for a field of a visible case that is written under another name, always, or never."""
    if field.alias or field.validation_alias or field.serialization_alias or field.exclude or field.default_factory:
        raise TypeError(f"no way is known to write {name} as the model does")
    is_envelope = model.model_config.get("extra") == "allow"
    if not (is_envelope or field.is_required() or field.default is None):
        raise TypeError(f"{name} would be left out where {model.__name__} writes its default")
