"""Trains one classification tool of the demo and writes its model.onnx.

usage: train_classification.py SOURCE cnn|onesite|shape OUT.onnx

SOURCE is DIR/classification/source of `cohmark demo DIR --source-only --seed 101 --images 4000`.
"""
import sys

import numpy as np
import torch

import data
import nets

TOOLS = {
    "cnn": dict(net=nets.Cnn, epochs=12, rate=3e-3),
    "shape": dict(net=nets.Shape, epochs=15, rate=2e-2),
    "onesite": dict(net=lambda: nets.Cnn(c=4), epochs=12, rate=3e-3, provider="site-a"),
}


def main():
    source, name, path = sys.argv[1:4]
    tool = TOOLS[name]
    torch.set_num_threads(1)
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    images, classes = data.load_findings(source, tool.get("provider"))
    x, y = torch.from_numpy(images / 255 * 2 - 1), torch.from_numpy(classes)
    net = tool["net"]()
    optimizer = torch.optim.AdamW(net.parameters(), tool["rate"], weight_decay=tool.get("decay", 1e-3))
    for epoch in range(tool["epochs"]):
        order, total = torch.from_numpy(rng.permutation(len(x))), 0.0
        for batch in order.split(50):
            flip = [axis for axis in (2, 3) if rng.random() < 0.5]
            optimizer.zero_grad()
            p = net(torch.flip(x[batch], flip) if flip else x[batch])
            loss = torch.nn.functional.nll_loss(torch.log(p + 1e-7), y[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        print(f"{name} epoch {epoch + 1} loss {total / len(x):.3f}", flush=True)
    torch.onnx.export(net.eval(), torch.zeros(1, 1, 32, 32), path, opset_version=13, input_names=["image"],
                      output_names=["probability"])


if __name__ == "__main__":
    main()
