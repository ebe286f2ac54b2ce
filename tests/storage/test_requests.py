import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import as_stored, counts, texts

from storage.errors import RecordError
from storage.requests import DecisionRequest, ForgetRequest, LookAgainRequest, ReclusterRequest, Request


@given(
    st.builds(ReclusterRequest, texts, texts)
    | st.builds(ForgetRequest, texts)
    | st.builds(LookAgainRequest, texts)
    | st.builds(DecisionRequest, counts)
)
def test_a_request_comes_back_as_it_went(request_: Request) -> None:
    assert type(request_).decode(as_stored(request_.encode())) == request_


@pytest.mark.parametrize(
    ("kind", "name", "raw"),
    [
        (ReclusterRequest, "reason", {b"reason": b"\xff"}),
        (ReclusterRequest, "source_id", {b"source_id": b"\xff"}),
        (ForgetRequest, "identity_id", {b"identity_id": b"\xff"}),
        (ForgetRequest, "identity_id", {}),
        (LookAgainRequest, "source_id", {b"source_id": b"\xff"}),
        (LookAgainRequest, "source_id", {}),
        (DecisionRequest, "number", {b"number": b"-1"}),
        (DecisionRequest, "number", {}),
    ],
)
def test_names_the_field_that_is_missing_or_no_text(
    kind: type[Request], name: str, raw: dict[bytes, bytes]
) -> None:
    with pytest.raises(RecordError, match=name) as caught:
        kind.decode(raw)
    assert caught.value.field == name
