"""The golden files, the JSON Schema and schema/README.md say the same.

Run by /usr/bin/python3 -m pytest (Debian: python3-pytest,
python3-jsonschema).  That C reads and writes the golden files byte for byte
is test_wire's to show.
"""

import copy
import json
import pathlib
import re

import jsonschema
import pytest

SCHEMA_DIR = pathlib.Path(__file__).resolve().parents[2] / "schema"
SCHEMA = json.loads((SCHEMA_DIR / "batch.schema.json").read_text())
README = (SCHEMA_DIR / "README.md").read_text()
EXAMPLES = sorted((SCHEMA_DIR / "examples").glob("*.jsonl"))
VALIDATOR = jsonschema.Draft202012Validator(
    SCHEMA, format_checker=jsonschema.FormatChecker()
)


def lines():
    for path in EXAMPLES:
        for number, text in enumerate(path.read_text().splitlines(), 1):
            yield pytest.param(json.loads(text), id=f"{path.name}:{number}")


def definition_of(line):
    return line.get("kind", "header")


def validator_of(name):
    """The schema of one kind alone: oneOf would hide which part refused."""
    schema = {"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]}
    return jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.FormatChecker()
    )


def properties(node):
    """Every key that a schema names, at any depth."""
    if isinstance(node, dict):
        yield from node.get("properties", {})
        for value in node.values():
            yield from properties(value)
    elif isinstance(node, list):
        for value in node:
            yield from properties(value)


def words(node):
    """Every word of every enumeration."""
    if isinstance(node, dict):
        yield from node.get("enum", [])
        for value in node.values():
            yield from words(value)
    elif isinstance(node, list):
        for value in node:
            yield from words(value)


def keys(value):
    """Every key that a JSON value has, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def numbers(value, path=()):
    """The paths of all integers in a JSON value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, path + (key,))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from numbers(inner, path + (index,))
    elif isinstance(value, int) and not isinstance(value, bool):
        yield path


def replaced(line, path, value):
    line = copy.deepcopy(line)
    at = line
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return line


def required(name):
    own = SCHEMA["$defs"][name].get("required", [])
    if name == "header":
        return own
    return own + SCHEMA["$defs"]["common"]["required"]


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_there_are_examples_of_every_kind():
    kinds = {definition_of(p.values[0]) for p in lines()}
    assert kinds == {"header", "dns", "ping", "trace"}


@pytest.mark.parametrize("line", lines())
def test_every_golden_line_is_valid(line):
    VALIDATOR.validate(line)


@pytest.mark.parametrize("line", lines())
def test_an_unknown_key_is_ignored(line):
    VALIDATOR.validate({**line, "some_newer_key": [None]})


@pytest.mark.parametrize("line", lines())
def test_no_required_key_may_be_missing(line):
    for key in required(definition_of(line)):
        spoilt = {k: v for k, v in line.items() if k != key}
        assert not VALIDATOR.is_valid(spoilt), key


@pytest.mark.parametrize("line", lines())
@pytest.mark.parametrize("value", [-1, 2**64, 1.5, "1", None, True])
def test_no_number_may_be_anything(line, value):
    validator = validator_of(definition_of(line))
    for path in numbers(line):
        assert not validator.is_valid(replaced(line, path, value)), path


@pytest.mark.parametrize("line", lines())
def test_no_word_may_be_another(line):
    for key, value in line.items():
        if isinstance(value, str):
            assert not VALIDATOR.is_valid({**line, key: "? ?"}), key


def test_the_golden_files_use_every_key():
    used = {key for p in lines() for key in keys(p.values[0])}
    assert set(properties(SCHEMA)) - used == set()


def test_the_golden_files_use_every_word():
    text = "".join(path.read_text() for path in EXAMPLES)
    assert [w for w in words(SCHEMA) if f'"{w}"' not in text] == []


def named_in_readme():
    return set(re.findall(r"`([^`\s]+)`", README))


def test_the_readme_names_every_key_and_word():
    assert set(properties(SCHEMA)) - named_in_readme() == set()
    assert set(words(SCHEMA)) - named_in_readme() == set()


def test_the_readme_names_every_key_of_an_assignment():
    text = (SCHEMA_DIR / "examples" / "assignment.json").read_text()
    assert set(keys(json.loads(text))) - named_in_readme() == set()
