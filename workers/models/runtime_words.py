"""What ONNX Runtime says where it can't do something, for people who know nothing of its source code."""

from __future__ import annotations

import re
from pathlib import Path

from workers.models.pack_mend import get_again

_CODE = re.compile(r"\[ONNXRuntimeError\] : \d+ : \w+ : (?:Load model from .*? failed:)?")
# A file of its source with a line; behind it stands the function, with all types of its arguments.
_PLACE = re.compile(r"(?:\b[A-Za-z]:)?[/\\][^\s:]*onnxruntime[^\s:]*\.(?:cc|cpp|cu|cuh|h|hpp)[:(]\d+\)?:? ")
_FUNCTION = re.compile(r"[\w\s:<>,&*~\[\]{}.=]*::[\w<>~]+(?=\()")
_BEYOND_IT = re.compile(
    r"No Op registered|not a registered function/op|[Oo]pset \d|IR version|NOT_IMPLEMENTED|"
    r"Could not find an implementation"
)
_NO_MODEL = re.compile(r"protobuf parsing failed", re.IGNORECASE)


def plain_words(error: Exception) -> str:
    """What an error of ONNX Runtime says, without places and functions of its source code."""
    text = _CODE.sub("", str(error))
    while place := _PLACE.search(text):
        text = f"{text[: place.start()]}{_without_function(text[place.end() :])}"
    return " ".join(text.split()).rstrip(".")


def mend_of(error: Exception, path: Path, wheel: str) -> str:
    """What to do about a model that ONNX Runtime can't load.

    Args:
        error: What it said.
        path: The model.
        wheel: The distribution of ONNX Runtime that is installed.
    """
    said = str(error)
    if _NO_MODEL.search(said):
        return get_again(path)
    if _BEYOND_IT.search(said):
        return (
            "It needs an operator or a version of ONNX that this ONNX Runtime lacks. Use another export of "
            "it, with a lower opset and plain ONNX operators, or a newer ONNX Runtime: pip install -U "
            f"{wheel}"
        )
    return "Use another export of it, which `onnx.checker.check_model` accepts."


def _without_function(text: str) -> str:
    """What stands behind a function and its arguments, where there is one in front."""
    function = _FUNCTION.match(text)
    if function is None:
        return text
    depth = 0
    for place, letter in enumerate(text[function.end() :], function.end()):
        depth += (letter == "(") - (letter == ")")
        # `operator()(...)` goes on behind the first pair.
        if depth == 0 and text[place + 1 : place + 2] in ("", " "):
            return re.sub(r"^ (?:const |noexcept |\[with [^\]]*\] )*", "", text[place + 1 :])
    return text
