#!/usr/bin/env python3
"""Speed and memory of the metrics beside their peers, on the same masks, in one run, alternately.

usage: metrics.py BUILD [--rows a,b,...] [--repeats N] [--threads N,...] [--reloaded-labels N]
BUILD: a build folder with the target bench_volume. Rows: spheres, labels, large, lesions, distance, components,
ranked. Peers are whatever this Python can import of surface_distance, monai (with torch), MetricsReloaded, edt, cc3d
and sklearn; a missing one leaves its column empty. MetricsReloaded is in no package registry: the environment variable
CM_BENCH_METRICS_RELOADED names a folder that holds its package MetricsReloaded and, to tell the version, .git or a
file COMMIT. Every figure is the median of N runs; a ratio is the median of the pairs' ratios: for one thread by CPU
seconds of the working process, which other load on the machine disturbs little, for more by wall seconds, which want
an idle machine; the load of the machine at the start is in the heading. Prints a Markdown table for each number of
threads; for more than one, cohmark's wall seconds on one thread stand beside.
"""
import argparse, contextlib, functools, importlib, json, os, platform, statistics, subprocess, sys, tempfile, time
import numpy as np

SPHERES, MANY, BIG = (160, 256, 256), (150, 256, 256), (512, 512, 512)
BRAIN = (155, 240, 240)


def have(name):
    try:
        return importlib.import_module(name)
    except Exception:  # a peer that cannot be imported is a peer that is not here
        return None


def version(name):
    """How the heading calls a peer: its version, or the commit that its folder tells."""
    known = getattr(have(name), "__version__", "")
    folder = os.environ.get("CM_BENCH_METRICS_RELOADED", "")
    if name == "MetricsReloaded" and folder and not known:
        if os.path.exists(os.path.join(folder, ".git")):
            known = subprocess.run(["git", "-C", folder, "rev-parse", "HEAD"], capture_output=True, text=True).stdout
        elif os.path.exists(os.path.join(folder, "COMMIT")):
            known = open(os.path.join(folder, "COMMIT")).read()
        known = f"commit {known.strip()[:12]}" if known else "commit unknown"
    return f"{name} {known}".strip()


def sphere(shape, centre, radius, spacing):
    z, y, x = np.ogrid[: shape[0], : shape[1], : shape[2]]
    d = sum(((a - c) * s) ** 2 for a, c, s in zip((z, y, x), centre, spacing))
    return (d < radius**2).astype(np.uint16)


def two_spheres():
    spacing = (5.0, 0.7, 0.7)
    return sphere(SPHERES, (80, 128, 128), 70, spacing), sphere(SPHERES, (81, 131, 125), 66, spacing), spacing


def many_labels(shape):
    """35 balls on a grid, and the same moved by a voxel or two."""
    rng, spacing = np.random.default_rng(3), (1.5, 0.9, 0.9)
    maps = [np.zeros(shape, np.uint16), np.zeros(shape, np.uint16)]
    for k in range(35):
        centre = [(0.5 + k // 12) / 3 * shape[0], (0.5 + k // 4 % 3) / 3 * shape[1], (0.5 + k % 4) / 4 * shape[2]]
        for m, shift in zip(maps, (0, 1.5)):
            ball = sphere(shape, [c + shift * rng.standard_normal() for c in centre], 0.11 * shape[1], spacing)
            m[ball > 0] = k + 1
    return maps[0], maps[1], spacing


def blobs(shape, seed, share):
    """Smooth random shapes that fill `share` of the volume: lesions, vessels, speckle at their edges."""
    rng = np.random.default_rng(seed)
    coarse = rng.standard_normal([n // 8 + 2 for n in shape]).astype(np.float32)
    for axis, n in enumerate(shape):
        at = np.arange(n) / 8
        low = at.astype(int)
        w = (at - low).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(3)])
        coarse = np.take(coarse, low, axis) * (1 - w) + np.take(coarse, low + 1, axis) * w
    return (coarse > np.quantile(coarse[::4, ::4, ::4], 1 - share)).astype(np.uint8)


def balls(shape, seed, count, radii):
    """Balls anywhere, so that most voxels are far from all of them."""
    rng, mask = np.random.default_rng(seed), np.zeros(shape, np.uint8)
    for _ in range(count):
        centre, radius = [int(rng.integers(0, n)) for n in shape], int(rng.integers(*radii))
        box = tuple(slice(max(c - radius, 0), c + radius + 1) for c in centre)
        grid = np.ogrid[tuple(slice(b.start, min(b.stop, n)) for b, n in zip(box, shape))]
        mask[box] |= (sum((g - c) ** 2 for g, c in zip(grid, centre)) < radius**2).astype(np.uint8)
    return mask


def tumours(seed):
    """About 270 lesions of label 2 with a core of 1 and 3 in the reference; the prediction has most of them, moved
    and of another size, and some of its own."""
    rng, maps = np.random.default_rng(seed), [np.zeros(BRAIN, np.uint16), np.zeros(BRAIN, np.uint16)]
    for k in range(320):
        centre, radius = [rng.uniform(12, n - 12) for n in BRAIN], 1.5 + 9 * rng.random() ** 4
        for m, label_map in enumerate(maps):
            if rng.random() < 0.12:
                continue  # only the other map has it
            moved = [c + (0.3 * radius * rng.standard_normal() if m else 0) for c in centre]
            size = radius * (rng.uniform(0.8, 1.2) if m else 1)
            lo = [max(int(c - size) - 1, 0) for c in moved]
            box = tuple(slice(a, int(c + size) + 2) for a, c in zip(lo, moved))
            grid = np.ogrid[tuple(slice(b.start, min(b.stop, n)) for b, n in zip(box, BRAIN))]
            distance2 = sum((g - c) ** 2 for g, c in zip(grid, moved))
            for label, share in ((2, 1), (1, 0.7), (3, 0.5)):
                label_map[box][distance2 < (share * size) ** 2] = label
    return maps[0], maps[1], (1.0, 1.0, 1.0)


def noise(shape, seed):
    """Every voxel set or not by itself: the shortest runs and the most pieces there can be."""
    return np.random.default_rng(seed).integers(0, 2, shape, np.uint8)


def timed(work):
    """CPU and wall seconds, answer. A work may give a function that makes the answer after the clock has stopped."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall": wall, "cpu": cpu, "answer": answer() if callable(answer) else answer}


def in_child(work):
    """In a process of its own, so that memory is that of the work; bytes above the level before."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read)
            level = peak()
            result = timed(work)
            result["bytes"] = peak() - level
            os.write(write, json.dumps(result).encode())
        except BaseException as e:
            os.write(write, json.dumps({"error": repr(e)}).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as f:
        text = f.read()
    os.waitpid(pid, 0)
    return json.loads(text) if text else {"error": "ended without an answer"}


def peak():
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM"))


# -- peers: each takes the masks and gives one number, the NSD or what the row compares --
def deepmind(ref, pred, spacing):
    sd = have("surface_distance")
    if not sd:
        return None

    def work():
        answer = 0.0
        for v in np.unique(ref[ref > 0]):
            r, p = ref == v, pred == v
            d = sd.compute_surface_distances(r, p, spacing)
            sd.compute_dice_coefficient(r, p)
            sd.compute_robust_hausdorff(d, 100), sd.compute_robust_hausdorff(d, 95)
            sd.compute_average_surface_distance(d)
            answer = answer or sd.compute_surface_dice_at_tolerance(d, 2)
        return answer

    return work


def monai(ref, pred, spacing):
    metrics, torch = have("monai.metrics"), have("torch")
    if not metrics or not torch:
        return None
    torch.set_num_threads(int(os.environ.get("CM_BENCH_THREADS", 1)))

    def work():
        answer = 0.0
        for v in np.unique(ref[ref > 0]):
            r, p = (torch.from_numpy((m == v)[None, None]) for m in (ref, pred))
            metrics.compute_dice(p, r), metrics.compute_iou(p, r)
            metrics.compute_hausdorff_distance(p, r, spacing=spacing)
            metrics.compute_hausdorff_distance(p, r, percentile=95, spacing=spacing)
            metrics.compute_average_surface_distance(p, r, symmetric=True, spacing=spacing)
            nsd = metrics.compute_surface_dice(p, r, [2.0], include_background=True, spacing=spacing)
            answer = answer or float(nsd[0, 0])
        return answer

    return work


def reloaded(ref, pred, spacing, boundary=False, at_once=False, most=0):
    """boundary: with its boundary IoU. at_once: its four distances from the one call that makes them all, instead of
    each by its own method, which does part of the work again. most: only the first so many labels."""
    m = have("MetricsReloaded.metrics.pairwise_measures")
    if not m:
        return None

    def measure(v):
        # Signed integers: it subtracts volumes from one another.
        b = m.BinaryPairwiseMeasures((pred == v).astype(int), (ref == v).astype(int), pixdim=list(spacing),
                                     dict_args={"nsd": 2, "hd_perc": 95, "beta": 1, "boundary_dist": 1})
        b.dsc(), b.fbeta(), b.intersection_over_union(), b.sensitivity(), b.specificity(), b.accuracy()
        b.balanced_accuracy(), b.youden_index(), b.matthews_correlation_coefficient(), b.cohens_kappa()
        if at_once:
            b.measured_distance()
        else:
            b.measured_hausdorff_distance(), b.measured_hausdorff_distance_perc()
            b.measured_average_distance(), b.measured_masd()
        if boundary:
            b.boundary_iou()
        return float(b.normalised_surface_distance())

    def work():
        labels = np.unique(ref[ref > 0])
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # some versions print distances
            return [measure(v) for v in labels[: most or None]][0]

    return work


def edt_peer(mask, spacing, threads):
    edt = have("edt")
    if not edt:
        return None
    unset = mask == 0  # it measures from every voxel that is True to the nearest that is not

    def work():
        squared = edt.edtsq(unset, anisotropy=spacing, parallel=threads)
        return lambda: float(squared.sum(dtype=np.float64))

    return work


def cc3d_peer(mask, connectivity):
    cc3d = have("cc3d")
    return cc3d and (lambda: float(cc3d.connected_components(mask, connectivity=connectivity, return_N=True)[1]))


def sklearn_peer(truth, score):
    m = have("sklearn.metrics")
    return m and (lambda: m.roc_auc_score(truth, score) + m.average_precision_score(truth, score))


MASKS = {"surface-distance": deepmind, "MONAI": monai, "MetricsReloaded": reloaded}


class Bench:
    def __init__(self, program, folder, repeats, threads, most):
        self.program, self.folder, self.repeats, self.threads, self.most = program, folder, repeats, threads, most
        self.lines = []

    def save(self, name, array):
        path = os.path.join(self.folder, name)
        np.ascontiguousarray(array).tofile(path)
        return path

    def ours(self, *arguments):
        run = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True)
        return json.loads(run.stdout) if run.returncode == 0 else {"error": run.stderr.strip()}

    def row(self, name, voxels, arguments, peers, share=None):
        """peers: {name: work or None}. Slow peers are run once. share: {name: the share of the work it did}, by which
        its seconds are divided."""
        mine, theirs, share = [], {p: [] for p, work in peers.items() if work}, share or {}
        for repeat in range(self.repeats):
            for peer in theirs:
                if repeat and theirs[peer][0].get("cpu", 0) * share.get(peer, 1) > 20:
                    continue
                theirs[peer].append(in_child(peers[peer]))
                for seconds in {"wall", "cpu"} & set(theirs[peer][-1]):
                    theirs[peer][-1][seconds] /= share.get(peer, 1)
                mine.append(self.ours(*arguments))
                theirs[peer][-1]["pair"] = mine[-1]
            if not theirs:
                mine.append(self.ours(*arguments))
        errors = [m["error"] for m in mine if "error" in m]
        if errors:
            self.lines.append(f"| {name} | {errors[0]} | | |")
            return
        clock = "cpu" if self.threads == 1 else "wall"
        ours = f"{statistics.median(m[clock] for m in mine):.3g} s"
        if self.threads > 1 and arguments[0] != "ranked":  # that is one thread's work
            alone = [self.ours(*arguments[:-1], 1)["wall"] for _ in mine]
            ours += f" ({statistics.median(alone):.3g} s)"
        memory = max(m["bytes"] for m in mine) / voxels
        cells = []
        for peer, runs in theirs.items():
            good = [r for r in runs if clock in r]
            if not good:
                cells.append(f"{peer}: {runs[0]['error'][:60]}")
                continue
            ratio = statistics.median(r[clock] / r["pair"][clock] for r in good)
            cells.append(f"{peer} {statistics.median(r[clock] for r in good):.3g} s: **{ratio:.3g}x**, "
                         f"{max(r['bytes'] for r in good) / voxels:.0f} bytes "
                         f"(answers {good[0]['answer']:.9g}, {good[0]['pair']['answer']:.9g})")
        self.lines.append(f"| {name} | {ours} | {memory:.1f} | {'; '.join(cells) or '-'} |")
        print(self.lines[-1], file=sys.stderr, flush=True)

    def score(self, name, maps, peers, work="score", share=None):
        ref, pred, spacing = maps
        self.row(name, ref.size, [work, self.save("ref", ref), self.save("pred", pred), *ref.shape, *spacing,
                                  self.threads], {p: make(*maps) for p, make in peers.items()}, share)

    def run(self, rows):
        if "spheres" in rows:
            maps = two_spheres()
            at_once = {"MetricsReloaded, distances at once": functools.partial(reloaded, at_once=True)}
            self.score("two spheres 256x256x160 @0.7x0.7x5: all overlap and voxel surface metrics", maps,
                       {**MASKS, **at_once})
            self.score("the same and boundary IoU", maps,
                       {"MetricsReloaded": functools.partial(reloaded, boundary=True)}, "boundary")
            self.row("the same, metrics of surface elements (what surface-distance measures)", maps[0].size,
                     ["elements", self.save("ref", maps[0]), self.save("pred", maps[1]), *SPHERES, *maps[2],
                      self.threads], {"surface-distance": deepmind(*maps)})
        if "labels" in rows:
            peers, share = dict(MASKS), {}
            if self.most:
                name = f"MetricsReloaded ({self.most} of 35 labels timed, times 35/{self.most})"
                peers[name], share[name] = functools.partial(reloaded, most=self.most), self.most / 35
                del peers["MetricsReloaded"]
            self.score("35 labels 256x256x150", many_labels(MANY), peers, share=share)
        if "large" in rows:
            self.score("35 labels 512x512x300", many_labels((300, 512, 512)), {})
        if "lesions" in rows:
            maps = tumours(7)
            self.row("about 270 lesions 240x240x155, WT, TC, ET: nine lesion metrics", maps[0].size,
                     ["lesions", self.save("ref", maps[0]), self.save("pred", maps[1]), *BRAIN, *maps[2],
                      self.threads], {})
        volumes = (("blobs, 5 %", lambda: blobs(BIG, 1, 0.05)), ("12 balls", lambda: balls(BIG, 6, 12, (15, 60))),
                   ("noise, 50 %", lambda: noise(BIG, 5)))
        for name, make in volumes if "distance" in rows else ():
            mask, spacing = make(), (1.0, 0.7, 0.7)
            self.row(f"squared distance transform 512³, {name}", mask.size,
                     ["distance", self.save("mask", mask), *mask.shape, *spacing, self.threads],
                     {"edt": edt_peer(mask, spacing, self.threads)})
        volumes = (("blobs, 30 %", lambda: blobs(BIG, 2, 0.3)), volumes[1], volumes[2])
        for name, make in volumes if "components" in rows else ():
            mask = make()
            for c in (6, 18, 26):
                self.row(f"components 512³, {c}, {name}", mask.size,
                         ["components", c, self.save("mask", mask), *mask.shape, self.threads],
                         {"cc3d": cc3d_peer(mask, c)})
        if "ranked" in rows:
            rng = np.random.default_rng(4)
            truth = rng.random(1000000) < 0.3
            score = np.clip(rng.standard_normal(1000000) * 0.2 + 0.4 + 0.2 * truth, 0, 1)
            path = self.save("scores", score)
            with open(path, "ab") as f:
                f.write(truth.astype(np.uint8).tobytes())
            self.row("AUROC and AP of 1e6 scores", score.size, ["ranked", path, score.size],
                     {"scikit-learn": sklearn_peer(truth, score)})


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("build")
    p.add_argument("--rows", default="spheres,labels,large,lesions,distance,components,ranked")
    p.add_argument("--repeats", type=int, default=3)
    p.add_argument("--threads", default="1", help="numbers of threads, a table for each, such as 1,2")
    p.add_argument("--reloaded-labels", type=int, default=0, metavar="N",
                   help="time MetricsReloaded, which takes minutes, on N of the 35 labels and multiply; 0: on all")
    a = p.parse_args()
    if os.environ.get("CM_BENCH_METRICS_RELOADED"):
        sys.path.insert(0, os.environ["CM_BENCH_METRICS_RELOADED"])
    program = os.path.join(a.build, "metrics", "bench_volume")
    if not os.path.exists(program):
        sys.exit(f"metrics.py: {program} is not there: cmake --build --preset release --target bench_volume")
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
               platform.machine())
    versions = [version(m) for m in
                ("surface_distance", "monai", "MetricsReloaded", "edt", "cc3d", "sklearn") if have(m)]
    for threads in map(int, a.threads.split(",")):
        os.environ["CM_BENCH_THREADS"] = str(threads)
        load = os.getloadavg()[0]
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(program, folder, a.repeats, threads, max(0, min(a.reloaded_labels, 35)))
            bench.run(a.rows.split(","))
        print(f"{cpu}; {threads} thread(s), median of {a.repeats}, load average {load:.1f} at the start; "
              f"peers: {', '.join(versions) or 'none'}\n")
        what = "CPU" if threads == 1 else "wall (one thread)"
        print(f"| work | cohmark, {what} | bytes per voxel beyond the input | peers, and how many times longer they take |")
        print("|---|---|---|---|")
        print("\n".join(bench.lines), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
