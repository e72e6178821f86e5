"""Images a second, warm, from the event to the complete CSV, beside peers and floors in the same rounds."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import decoding, inference, rates, reference, samples
from bench.lanes import Answer, Lane, in_turns, together
from bench.plan import NETWORKS, Plan
from bench.rates import DECODING, KERAS, LATENCY, LOOSE, NETWORK, OURS, PEER
from bench.results import Section
from handler.cores import cores

Call = Callable[[], Answer]


def measure(plan: Plan) -> Section:
    """The rates of all drops with both networks, what stands beside them, and whether the rows are right."""
    with ExitStack() as stack:
        calls = _calls(plan, stack)
        for call in calls.values():
            call()  # what is done once is done now
        runs = in_turns(calls, plan.rounds)
        faults = [fault for network in NETWORKS for fault in _faults(plan, network, calls)]
    return rates.section(plan, runs, faults)


def _calls(plan: Plan, stack: ExitStack) -> dict[str, Call]:
    """What takes turns, by name."""
    png = str(samples.zipped(samples.MNIST, plan.images))
    drops: dict[str, tuple[dict[str, Any], int]] = {
        kind: ({"drops": [str(samples.zipped(kind, count))]}, count) for kind, count in _counts(plan).items()
    }
    drops[LOOSE] = {"loose": str(samples.loose(plan.loose)), "latency": LATENCY}, plan.loose
    models = {net: str(plan.releases[net] / "model.h5") for net in NETWORKS}
    peer, keras = (
        stack.enter_context(Lane(f"bench.peer.{module}", list(models.values()), plan.environment))
        for module in ("one_by_one", "in_batches")
    )
    alone = [str(plan.releases[net]) for net in NETWORKS]
    network = stack.enter_context(Lane("bench.inference", alone, plan.environment))
    decoders = [
        stack.enter_context(Lane("bench.decoding", [str(share), str(cores())], plan.environment))
        for share in range(cores())
    ]
    calls: dict[str, Call] = {}
    for net in NETWORKS:
        ours = stack.enter_context(plan.worker(net))
        for name, (request, count) in drops.items():
            calls[f"{OURS}, {net}, {name}"] = _asking(ours, request, count)
        of = {"model": models[net], "zip": png}
        calls[f"{PEER}, {net}"] = _asking(peer, of | {"count": plan.peer_images}, plan.peer_images)
        calls[f"{KERAS}, {net}"] = _asking(keras, of | {"csv": str(plan.folder / "keras.csv")}, plan.images)
        for way in inference.WAYS:
            alone_of = {"release": str(plan.releases[net]), "way": way, "count": plan.images}
            calls[f"{NETWORK}, {net}, {way}"] = _asking(network, alone_of, plan.images)
    for decoder in decoding.installed():
        calls[f"{DECODING}, {decoder}"] = _sharing(decoders, {"zip": png, "decoder": decoder}, plan.images)
    return calls


def _counts(plan: Plan) -> dict[str, int]:
    """How many pictures there are in the zip of each kind."""
    return {samples.MNIST: plan.images, samples.SMALL: plan.images, samples.MIXED: plan.mixed}


def _asking(lane: Lane, request: Mapping[str, Any], rows: int) -> Call:
    return lambda: lane.ask(request) | {"expected": rows}


def _sharing(lanes: Sequence[Lane], request: Mapping[str, Any], rows: int) -> Call:
    """Several that each do a share of it: it takes as long as the slowest of them."""

    def ask() -> Answer:
        answers = together(lanes, [request] * len(lanes))
        slowest = max(answer["seconds"] for answer in answers)
        return {"seconds": slowest, "rows": sum(answer["rows"] for answer in answers), "expected": rows}

    return ask


def _faults(plan: Plan, net: str, calls: Mapping[str, Call]) -> list[str]:
    """What is wrong with the rows of one more run of each zip."""
    found = []
    for kind, count in _counts(plan).items():
        csv = Path(calls[f"{OURS}, {net}, {kind}"]()["csv"])
        found += reference.check(csv, samples.zipped(kind, count), kind, plan.releases[net])
    return found
