"""CenterFace for pictures of any size, of the file that was exported for one."""

from __future__ import annotations

from pathlib import Path

import onnx

from workers.models.constant_weights import drop_weight_inputs


def build_centerface(source: Path, target: Path) -> None:
    """Write the network so that it takes any number of pictures of any size.

    Args:
        source: `centerface_bnmerged.onnx`, as its authors published it.
        target: The file to write.
    """
    model = onnx.load(str(source))
    for value in (*model.graph.input[:1], *model.graph.output):
        dimensions = value.type.tensor_type.shape.dim
        for at, name in ((0, "batch"), (2, "height"), (3, "width")):
            dimensions[at].dim_param = name if value is model.graph.input[0] else f"{name}_of_cells"
    del model.graph.value_info[:]
    drop_weight_inputs(model)
    onnx.save(model, str(target))
