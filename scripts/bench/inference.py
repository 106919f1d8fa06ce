#!/usr/bin/env python3
"""Speed and memory of whole nets and single convolutions: cohmark, ONNX Runtime, PyTorch and oneDNN in turn.

usage: inference.py [--rows nnunet,32-64@96s2,...] [--threads 1,2] [--isa best|avx2|scalar] [--repeats N] [--seconds S]
                    [--memory | --scaling] [--build FOLDER] [--keep FOLDER]

Every program loads the same net once, in a process of its own, and runs it once uncounted; the outputs are compared.
Then they take turns, one run each, in an order that moves on every round, so that all of them see the same weather.
A ratio is the median over the rounds of peer / cohmark within a round; above 1, cohmark is faster. The table shows
CPU seconds of the whole process for one thread (other work on the machine barely touches them), wall seconds for more.

Needs numpy and a build of bench_model (cmake --build --preset release --target bench_model). Peers, each left out with a line
when it is not there:
  CM_BENCH_PYTHON   interpreter with torch (monai, torchvision), which makes the nets; default: this one
  CM_BENCH_ORT      interpreter with onnxruntime; default: CM_BENCH_PYTHON
  CM_BENCH_ONEDNN   folder with include/ and lib/ of oneDNN; default: where the compiler finds it
"""

import argparse
import filecmp
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
LAYERS = ["1-32@128", "32-32@96", "64-64@48", "128-128@24", "320-320@8"]
NETS = ["nnunet", "nnunet128", "nnunet-residual", "unet", "segresnet", "dynunet", "unetr", "swinunetr", "densenet121",
        "vit", "unet2d", "resnet18", "resnet50"]
HIDE = {"best": {}, "avx2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2",
                             "MKL_ENABLE_INSTRUCTIONS": "AVX2"}}


class Worker:
    """A program that has loaded a net and waits; see model.c for what passes between us."""

    def __init__(self, name, command, environment, output):
        self.name, self.output = name, output
        self.complaints = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.complaints,
                                        text=True, env={**os.environ, **environment})
        self.about, self.runs = None, []

    def hear(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        return None

    def ready(self):
        """Waits for the first run; None or why there will be no other."""
        self.about = self.hear()
        if self.about is None:
            self.process.wait()
            self.complaints.seek(0)
            lines = self.complaints.read().strip().splitlines()
            return lines[-1][:200] if lines else "it said nothing"
        return None

    def ask(self, what):
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        answer = self.hear()
        if answer is None:
            raise RuntimeError(f"{self.name} ended in the middle")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.complaints.close()


def tell(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.python = os.environ.get("CM_BENCH_PYTHON", sys.executable)
        self.ort = os.environ.get("CM_BENCH_ORT", self.python)
        self.program = os.path.join(args.build, "engine", "model", "bench_model")
        self.versions = {}
        self.absent = set()
        self.onednn = self.compile("conv_onednn.c", self.onednn_flags())
        self.hide = self.compile("hide_avx512.c", ["-shared", "-fPIC"]) if args.isa == "avx2" else None

    @staticmethod
    def onednn_flags():
        root = os.environ.get("CM_BENCH_ONEDNN")
        found = [f"-I{root}/include", f"-L{root}/lib", f"-Wl,-rpath,{root}/lib"] if root else []
        return found + ["-ldnnl"]

    def compile(self, source, flags):
        program = os.path.join(self.folder, os.path.splitext(source)[0])
        done = subprocess.run(["cc", "-O2", os.path.join(HERE, source), "-o", program, *flags], capture_output=True,
                              text=True)
        if done.returncode:
            tell(f"without {source}: " + next((x for x in done.stderr.splitlines() if "error" in x), "cannot compile"))
        return program if done.returncode == 0 else None

    def export(self, name):
        """Makes FOLDER/NAME.onnx and .in unless they are kept from before; the shape of the input, or None."""
        kept = os.path.join(self.folder, name + ".shape")
        if os.path.exists(kept):
            with open(kept) as file:
                return file.read().strip()
        done = subprocess.run([self.python, os.path.join(HERE, "export_nets.py"), self.folder, "--form", "bench", name],
                              capture_output=True, text=True)
        told = [line.split() for line in done.stdout.splitlines() if line.startswith(name + " ")]
        if not told:
            lines = (done.stdout + done.stderr).strip().splitlines()
            tell(f"{name}: not exported: {lines[-1][:200] if lines else 'no reason given'}")
            return None
        with open(kept, "w") as file:
            file.write(told[0][1])
        return told[0][1]

    def workers(self, name, shape, threads, only=None):
        """Starts them one after the other, so that no load disturbs another; those that come up."""
        stem = os.path.join(self.folder, name)
        peers = os.path.join(HERE, "peers.py")
        n = str(threads)
        hidden = {"LD_PRELOAD": self.hide} if self.hide else {}
        single = {"OMP_NUM_THREADS": n, "MKL_NUM_THREADS": n, **HIDE.get(self.args.isa, {})}
        plans = [("cohmark", [self.program, stem + ".onnx", shape, stem + ".in", f"{stem}.cohmark{n}", n, self.args.isa], {}),
                 ("ONNX Runtime", [self.ort, peers, "onnxruntime", stem, shape, n, f"{stem}.ort{n}"], hidden),
                 ("PyTorch", [self.python, peers, "torch", name, n, f"{stem}.torch{n}"], single)]
        if "@" in name and self.onednn:
            root = os.environ.get("CM_BENCH_ONEDNN")
            where = {"LD_LIBRARY_PATH": os.path.join(root, "lib")} if root else {}
            plans.append(("oneDNN", [self.onednn, name, stem, stem + ".onednn"], {**single, **where}))
        up = []
        for label, command, environment in plans:
            if label in self.absent or label in self.args.without or only not in (None, label):
                continue
            worker = Worker(label, command, environment, command[4] if label == "cohmark" else command[-1])
            problem = worker.ready()
            if problem:
                tell(f"{name}: without {label}: {problem}")
                if "ModuleNotFoundError" in problem:
                    self.absent.add(label)
                worker.close()
                continue
            if "version" in worker.about:
                self.versions[label] = worker.about["version"]
            up.append(worker)
        return up

    def measure(self, name, threads):
        """One row of the table, or None."""
        shape = self.export(name)
        if not shape:
            return None
        workers = self.workers(name, shape, threads)
        try:
            if not workers or workers[0].name != "cohmark":
                return None
            differences = {w.name: difference(workers[0].output, w.output) for w in workers[1:]}
            self.take_turns(workers)
            memory = {w.name: w.ask("memory") for w in workers if w.name != "oneDNN"}
            return Row(name, shape, threads, workers, differences, memory)
        finally:
            for worker in workers:
                worker.close()

    def take_turns(self, workers):
        deadline = time.monotonic() + self.args.seconds
        for turn in range(self.args.repeats):
            for i in range(len(workers)):
                worker = workers[(turn + i) % len(workers)]
                time.sleep(0.02)  # threads of the one before stop spinning
                worker.runs.append(worker.ask("run"))
            if time.monotonic() > deadline and turn >= 2:
                break

    def scaling(self, name, counts):
        """One row of the table of threads: per program the wall seconds for each count, counts taking turns; or None."""
        shape = self.export(name)
        found = {}
        for label in ("cohmark", "ONNX Runtime"):
            workers = [w for n in counts for w in self.workers(name, shape, n, only=label)] if shape else []
            try:
                if len(workers) < len(counts):
                    continue
                self.take_turns(workers)
                same = all(filecmp.cmp(workers[0].output, w.output, shallow=False) for w in workers)
                walls = [[r["wall_s"] for r in w.runs] for w in workers]
                found[label] = ([statistics.median(w) for w in walls],
                                [statistics.median(a / b for a, b in zip(walls[0], w)) for w in walls], same)
            finally:
                for worker in workers:
                    worker.close()
        return (name, found) if "cohmark" in found else None


class Row:
    """Medians of one net and one number of threads."""

    def __init__(self, name, shape, threads, workers, differences, memory):
        self.name, self.shape, self.threads, self.memory = name, shape, threads, memory
        self.about = workers[0].about
        self.figure = "cpu_s" if threads == 1 else "wall_s"
        self.rounds = len(workers[0].runs)
        self.differences = differences
        self.seconds, self.ratio = {}, {}
        own = workers[0].runs
        for w in workers:
            self.seconds[w.name] = statistics.median(r[self.figure] for r in w.runs)
            self.ratio[w.name] = statistics.median(r[self.figure] / o[self.figure] for r, o in zip(w.runs, own))

    def rate(self):
        return self.about["operations"] / self.seconds["cohmark"] * 1e-9


def difference(ours, theirs):
    """Largest difference over the largest value; infinite when the outputs do not match at all."""
    a, b = (numpy.fromfile(path, numpy.float32) for path in (ours, theirs))
    if a.shape != b.shape or not a.size or not numpy.isfinite(a).all() or not numpy.isfinite(b).all() or not b.any():
        return math.inf
    return float(numpy.abs(a - b).max() / numpy.abs(b).max())


def machine():
    text = {}
    with open("/proc/cpuinfo") as lines:
        for line in lines:
            key, _, value = line.partition(":")
            text.setdefault(key.strip(), value.strip())
    flags = text.get("flags", text.get("Features", "")).split()
    isa = [f for f in ("avx2", "avx512f", "asimd", "sve") if f in flags]
    return (f"{text.get('model name', platform.machine())} (family {text.get('cpu family', '?')}, model "
            f"{text.get('model', '?')}; {' '.join(isa)}), {os.cpu_count()} cores")


def table(rows):
    peers = [p for p in ("ONNX Runtime", "PyTorch", "oneDNN") if any(p in r.ratio for r in rows)]
    print("| work | input | threads | cohmark s | GFLOP/s | " + " | ".join(f"{p} s | ratio" for p in peers) +
          " | largest difference | rounds |")
    print("|---|---|--:|--:|--:|" + "--:|--:|" * len(peers) + "--:|--:|")
    for r in rows:
        cells = [f"{r.seconds[p]:.3f} | {r.ratio[p]:.2f}" if p in r.ratio else " | " for p in peers]
        worst = max(r.differences.values(), default=math.nan)
        print(f"| {r.name} | {r.shape.replace(',', 'x')} | {r.threads} | {r.seconds['cohmark']:.3f} | {r.rate():.0f} | "
              + " | ".join(cells) + f" | {worst:.1e} | {r.rounds} |", flush=True)


def memory_table(rows):
    print("\n| work | threads | cohmark peak MB | ONNX Runtime peak MB | cohmark / ONNX Runtime | held MB | planned MB | "
          "held / planned |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for r in rows:
        own, held = r.memory["cohmark"]["peak_bytes"], r.memory["cohmark"]["held_bytes"]
        peer = (r.memory.get("ONNX Runtime") or {}).get("peak_bytes")
        planned = sum(r.about[k] for k in ("weight_bytes", "arena_bytes", "output_bytes"))
        print(f"| {r.name} | {r.threads} | {own * 1e-6:.0f} | " +
              (f"{peer * 1e-6:.0f} | {own / peer:.2f} | " if peer else " | | ") +
              f"{held * 1e-6:.0f} | {planned * 1e-6:.0f} | {held / planned:.2f} |")


def scaling_table(rows, counts):
    print("\n| work | program | " + " | ".join(f"{n} threads s" for n in counts) + " | " +
          " | ".join(f"{n} against {counts[0]}" for n in counts[1:]) + " | same bits |")
    print("|---|---|" + "--:|" * (2 * len(counts) - 1) + "---|")
    for name, found in rows:
        for label, (seconds, ratios, same) in found.items():
            print(f"| {name} | {label} | " + " | ".join(f"{v:.3f}" for v in seconds) + " | " +
                  " | ".join(f"{v:.2f}" for v in ratios[1:]) + f" | {'yes' if same else 'no'} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(LAYERS + NETS), help="comma-separated, of nets.py; default: all nets and "
                        "five layers of a U-Net")
    parser.add_argument("--threads", default="1", help="comma-separated; default: 1")
    parser.add_argument("--isa", default="best", help="best, avx512, avx2 or scalar (scalar: cohmark only)")
    parser.add_argument("--repeats", type=int, default=7, help="rounds; default: 7")
    parser.add_argument("--seconds", type=float, default=60, help="no new round of a row after this, three are always made")
    parser.add_argument("--without", default="", help="comma-separated peers to leave out, such as PyTorch")
    parser.add_argument("--memory", action="store_true", help="also the table of peak memory")
    parser.add_argument("--build", default=os.path.join(HERE, "..", "..", "build", "release"))
    parser.add_argument("--scaling", action="store_true", help="instead: each program against itself, at the given threads")
    parser.add_argument("--keep", help="folder for the exported nets, used again when they are there")
    args = parser.parse_args()
    args.without = args.without.split(",")
    names = [n for n in args.rows.split(",") if n]
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or scratch
        os.makedirs(folder, exist_ok=True)
        bench = Bench(args, folder)
        if not os.path.exists(bench.program):
            parser.error(f"{bench.program} is not there: cmake --build --preset release --target bench_model")
        counts = [int(n) for n in args.threads.split(",")]
        if args.scaling:
            scaled = [row for name in names if (row := bench.scaling(name, counts))]
            scaling_table(scaled, counts)
            return 0 if scaled else 1
        rows = [row for name in names for n in counts if (row := bench.measure(name, n))]
    if not rows:
        return 1
    print(f"{time.strftime('%Y-%m-%d')}, {machine()}; cohmark kernels {rows[0].about['variant']}; "
          + ", ".join(f"{k} {v}" for k, v in bench.versions.items()) + "\n")
    table(rows)
    if args.memory:
        memory_table(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
