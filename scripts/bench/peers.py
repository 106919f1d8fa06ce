"""One model in one other program, run as often as it is told; the peers' side of inference.py.

usage: peers.py onnxruntime FILES SHAPE THREADS OUTPUT     FILES.onnx and FILES.in
       peers.py torch NAME THREADS OUTPUT                  a net of nets.py in its bench form

The protocol is that of model.c: the output of the first run, which is not counted, is written; one line of JSON says
what runs here; then "run" on stdin is answered with wall and CPU seconds, "memory" with the most memory resident so
far less what the process, its imports done, had before the model was loaded.
"""

import json
import sys
import time


def status_bytes(figure):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(figure + ":"))


def say(**what):
    print(json.dumps(what), flush=True)


def serve(run, level, **about):
    say(**about)
    for line in sys.stdin:
        if line.strip() == "memory":
            say(peak_bytes=status_bytes("VmHWM") - level)
            continue
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        say(wall_s=time.perf_counter() - wall, cpu_s=time.process_time() - cpu)


def serve_onnxruntime(files, shape, threads, output):
    import numpy
    import onnxruntime

    x = numpy.fromfile(files + ".in", numpy.float32).reshape([int(n) for n in shape.split(",")])
    level = status_bytes("VmRSS")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(threads)
    options.inter_op_num_threads = 1
    start = time.perf_counter()
    session = onnxruntime.InferenceSession(files + ".onnx", options, providers=["CPUExecutionProvider"])
    wanted, given = session.get_outputs()[0].name, session.get_inputs()[0].name
    load_s = time.perf_counter() - start
    session.run([wanted], {given: x})[0].tofile(output)
    serve(lambda: session.run([wanted], {given: x}), level, version=onnxruntime.__version__, load_s=load_s)


def serve_torch(name, threads, output):
    import nets
    import torch

    torch.set_num_threads(int(threads))
    level = status_bytes("VmRSS")
    module, x = nets.make(name, "bench")
    nets.answer(module, x).numpy().tofile(output)
    serve(lambda: nets.answer(module, x), level, version=torch.__version__,
          capability=torch.backends.cpu.get_cpu_capability() if hasattr(torch.backends, "cpu") else "unknown")


if __name__ == "__main__":
    {"onnxruntime": serve_onnxruntime, "torch": serve_torch}[sys.argv[1]](*sys.argv[2:])
