"""Models that take whole pictures of any size: fitting them into the input becomes part of the graph.

Only operators and types are used that ONNX Runtime's CUDA provider has, so that nothing goes back and forth.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper

from workers.models.graph_prefix import GraphPrefix

_PREFIX = "facestream_frames"
# Resize and Pad are other operators from 19 on, which the CUDA provider of older releases lacks; before 11
# Resize knows no sizes.
_OPSETS = range(11, 19)


def with_frame_input(content: bytes) -> bytes | None:
    """A model that takes bytes, with the fitting of pictures put before it.

    Pictures are scaled as OpenCV scales them linearly (pixel centres correspond, nothing is averaged),
    rounded to whole numbers, and padded with black below and on the right.

    Args:
        content: A model whose first input is uint8 (N, H, W, 3).

    Returns:
        The model with three inputs in place of that one, or None where its opset has no such operators for
        CUDA: `facestream_frames`, uint8 (N, h, w, 3), h and w of any length; `facestream_frames_sizes`, int64
        (4,), which are N, 3, and the height and width that the pictures are scaled to;
        `facestream_frames_pads`, int64 (8,), which are six zeros and what is missing to H and to W.
    """
    model = onnx.load_model_from_string(content)
    graph = model.graph
    if next(own.version for own in model.opset_import if not own.domain) not in _OPSETS:
        return None
    given = graph.input[0]
    dims = given.type.tensor_type.shape.dim
    batch = dims[0].dim_value or dims[0].dim_param or None
    sizes, pads = f"{_PREFIX}_sizes", f"{_PREFIX}_pads"
    prefix = GraphPrefix(graph, given, _PREFIX)
    prefix.add("Transpose", perm=[0, 3, 1, 2])
    # Of bytes Resize gives bytes, and cuts off what is behind the point.
    prefix.add("Cast", to=TensorProto.FLOAT)
    # Opset 11 wants a region and scales, though they be empty.
    nothing = prefix.constant("nothing", np.empty(0, np.float32))
    prefix.add("Resize", nothing, nothing, sizes, mode="linear", coordinate_transformation_mode="half_pixel")
    prefix.add("Pad", pads)
    # A half is rounded up, as OpenCV does: the cast cuts off.
    prefix.add("Add", prefix.constant("half", np.asarray(0.5, np.float32)))
    prefix.add("Cast", to=TensorProto.UINT8)
    prefix.add("Transpose", perm=[0, 2, 3, 1])
    # Or all shapes behind it would be unknown, and be worked out again for each picture.
    graph.value_info.append(given)
    prefix.put(
        [
            helper.make_tensor_value_info(_PREFIX, TensorProto.UINT8, [batch, None, None, 3]),
            helper.make_tensor_value_info(sizes, TensorProto.INT64, [4]),
            helper.make_tensor_value_info(pads, TensorProto.INT64, [8]),
        ]
    )
    return bytes(model.SerializeToString())
