"""The protocols: what is asked of a system, and how the answer is scored.

Every protocol draws its material once from a seed, so that all systems answer the same questions.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import linear_sum_assignment

from engine.families import DRUM_FAMILIES
from engine.training.evaluation.figures import Answer, Figure, bootstrap, share
from engine.training.evaluation.held_out import Material, one_shot
from engine.training.evaluation.song import song
from engine.training.evaluation.systems import HeardMixture, System
from engine.training.parts import PARTS, PseudoMixes

Protocol = Callable[[System, Material], Answer]

SMTI_FAMILIES = ("bass", "guitar", "keys", "organ", "mallet", "strings", "brass", "woodwind", "lead", "voice")
SMTI_INSTRUMENTS, SMTI_MIXTURES, SMTI_SIZES = 53, 1000, range(2, 10)
CIR_GROUPS = {"percussion": DRUM_FAMILIES, "bass": ("bass",), "lead": ("lead",)}
SHARE_SCALE = 12.0
LOOPS = 50
PRESENT = 0.5
"""Confidence from which a slot counts as heard."""


def single(system: System, material: Material, seed: int = 1) -> Answer:
    """Phrase queries against one one-shot reference each of all held-out melodic instruments; and the equal error rate
    of SMTI, section 5.1 (five clips enrolled, 20 + 20 compared)."""
    rng = np.random.default_rng(seed)
    chosen = material.melodic()
    library = system.embed([one_shot(material.held_out, number) for number in chosen])
    clips = {number: [material.phrase(row) for row in material.rows_of[number]] for number in chosen}
    flat = system.embed([clip for number in chosen for clip in clips[number]])
    owner = np.concatenate([np.full(len(clips[number]), position) for position, number in enumerate(chosen)])
    similarity = flat @ library.T
    rank = (similarity > similarity[np.arange(len(flat)), owner][:, None]).sum(axis=1)
    errors = []
    for position in range(len(chosen)):
        own = np.flatnonzero(owner == position)
        enrolled = rng.permutation(own)[:5]
        centre = flat[enrolled].mean(axis=0)
        rest = np.setdiff1d(own, enrolled)
        same = rng.choice(rest if len(rest) else own, size=20)
        other = rng.choice(np.flatnonzero(owner != position), size=20, replace=False)
        errors.append(_equal_error_rate(flat[same] @ centre, flat[other] @ centre))
    scores = np.array(errors)
    eer = bootstrap(len(scores), lambda picked: float(scores[picked].mean()))
    return Answer({"top-1": share(rank < 1), "top-5": share(rank < 5), "EER": eer})


def _equal_error_rate(same: np.ndarray, other: np.ndarray) -> float:
    thresholds = np.sort(np.concatenate([same, other]))
    rejected = np.array([(same < threshold).mean() for threshold in thresholds])
    accepted = np.array([(other >= threshold).mean() for threshold in thresholds])
    best = np.abs(rejected - accepted).argmin()
    return float((rejected[best] + accepted[best]) / 2)


def smti(system: System, material: Material, seed: int = 2) -> Answer:
    """SMTI, section 5.2: 53 unseen instruments of ten families, 1,000 plain sums of 2 to 9 of them, five seconds.

    The library holds one phrase of each instrument, which no mixture uses. The retrieved set is the nearest instrument
    of each of nine outputs (of each slot above the presence threshold, for systems that claim presence). Average
    precision ranks the mixtures for each instrument: by the highest cosine similarity of any output, as published
    ("cosine"), and by `share_score`, in which the library's sounds compete for each output. Curves: the share of a
    mixture's instruments that are in the retrieved set, by their number; and the family of an instrument [true] against
    the family of what its own output, assigned one to one, retrieves [retrieved].
    """
    from sklearn.metrics import average_precision_score, f1_score

    rng = np.random.default_rng(seed)
    chosen = _smti_instruments(material, rng)
    library = system.embed([material.phrase(material.rows_of[number][0]) for number in chosen])
    truth = np.zeros((SMTI_MIXTURES, len(chosen)), bool)
    score = np.zeros((SMTI_MIXTURES, len(chosen)), np.float32)
    cosine = np.zeros_like(score)
    nine, heard_set = np.zeros_like(truth), np.zeros_like(truth)
    families = np.array([material.held_out.instruments[number].family for number in chosen])
    confusion = np.zeros((len(SMTI_FAMILIES), len(SMTI_FAMILIES)), int)
    for start in range(0, SMTI_MIXTURES, 50):
        mixtures = []
        for item in range(start, start + 50):
            members = rng.choice(len(chosen), size=int(rng.integers(SMTI_SIZES.start, SMTI_SIZES.stop)), replace=False)
            truth[item, members] = True
            rows = [rng.choice(material.rows_of[chosen[member]][1:]) for member in members]
            mixtures.append(material.mix(rows))
        for item, heard in enumerate(system.hear(np.stack(mixtures)), start):
            similarity = heard.vectors @ library.T
            score[item] = share_score(similarity, heard)
            cosine[item] = similarity.max(axis=0)
            nine[item, similarity[:9].argmax(axis=1)] = True
            heard_set[item, similarity[heard.confidence >= PRESENT].argmax(axis=1)] = True
            members = np.flatnonzero(truth[item])
            outputs, own = linear_sum_assignment(-similarity[:, members])
            for member, retrieved in zip(members[own], similarity[outputs].argmax(axis=1), strict=True):
                confusion[SMTI_FAMILIES.index(families[member]), SMTI_FAMILIES.index(families[retrieved])] += 1

    def by_family(answers: np.ndarray) -> np.ndarray:
        return np.stack([answers[:, families == family].any(axis=1) for family in SMTI_FAMILIES], axis=1)

    def f1(true: np.ndarray, answer: np.ndarray, average: str = "macro") -> Callable[[np.ndarray], float]:
        return lambda picked: float(f1_score(true[picked], answer[picked], average=average, zero_division=0))

    def precision(average: str, ranked: np.ndarray) -> Callable[[np.ndarray], float]:
        return lambda picked: float(average_precision_score(truth[picked], ranked[picked], average=average))

    family_truth, family_nine, family_heard = by_family(truth), by_family(nine), by_family(heard_set)
    count = SMTI_MIXTURES
    figures = {
        "mAP macro": bootstrap(count, precision("macro", score), 50),
        "mAP weighted": bootstrap(count, precision("weighted", score), 50),
        "mAP macro, cosine": bootstrap(count, precision("macro", cosine), 50),
        "F1 macro, nine outputs": bootstrap(count, f1(truth, nine), 50),
        "F1 macro, heard": bootstrap(count, f1(truth, heard_set), 50),
        "F1 weighted, heard": bootstrap(count, f1(truth, heard_set, "weighted"), 50),
        "family F1 macro, nine outputs": bootstrap(count, f1(family_truth, family_nine), 50),
        "family F1 macro, heard": bootstrap(count, f1(family_truth, family_heard), 50),
    }
    size = truth.sum(axis=1)
    by_size = [float(heard_set[truth & (size == members)[:, None]].mean()) for members in SMTI_SIZES]
    return Answer(figures, {"recall by instruments": by_size, "family confusion": confusion.tolist()})


def mixture_score(similarity: np.ndarray, heard: HeardMixture) -> np.ndarray:
    """How surely each library sound is in the mixture: the highest similarity of any output, an output of low
    confidence counting less. similarity : [outputs, library]."""
    return (similarity + np.log(heard.confidence.clip(1e-3))[:, None] * 0.1).max(axis=0)


def share_score(similarity: np.ndarray, heard: HeardMixture) -> np.ndarray:
    """How surely each library sound is in the mixture, when the sounds compete: a softmax of each output's
    similarities over the library, times the output's confidence; the best output counts. The scale was chosen on
    validation instruments. similarity : [outputs, library]."""
    odds = np.exp(SHARE_SCALE * similarity)
    share = odds / odds.sum(axis=1, keepdims=True)
    return (share * heard.confidence[:, None]).max(axis=0)


def _smti_instruments(material: Material, rng: np.random.Generator) -> list[int]:
    """53 melodic instruments, as evenly over the ten families as there are."""
    melodic = set(material.melodic())
    queues = [rng.permutation([n for n in material.of_families((family,)) if n in melodic]) for family in SMTI_FAMILIES]
    chosen: list[int] = []
    for depth in range(max(len(queue) for queue in queues)):
        chosen += [int(queue[depth]) for queue in queues if depth < len(queue)]
    return chosen[:SMTI_INSTRUMENTS]


def cir(system: System, material: Material, seed: int = 3, mixtures: int = 500) -> Answer:
    """CIR: mixtures of one percussion, one bass and one lead, all held out; the candidates are the single-note
    references of every instrument, trained ones included.

    Family given: candidates of the stem's group only, ranked by `mixture_score`. Family not given: all candidates;
    each heard slot ranks them, slots are credited to stems one to one, as well as possible, and a stem counts where it
    is among the first k of its slot.
    """
    rng = np.random.default_rng(seed)
    held_out = material.held_out
    pairs = [(held_out, number) for number in range(len(held_out.instruments))] + material.further_candidates()
    library = system.embed([one_shot(bank, number) for bank, number in pairs])
    group_of = np.array([_group(bank.instruments[number].family) for bank, number in pairs])
    members = {group: material.of_families(families) for group, families in CIR_GROUPS.items()}
    stems = np.array([[rng.choice(members[group]) for group in CIR_GROUPS] for _ in range(mixtures)])
    rows = [[rng.choice(material.rows_of[number]) for number in triple] for triple in stems]
    waves = np.stack([material.mix(triple) for triple in rows])
    heard = [found for start in range(0, mixtures, 50) for found in system.hear(waves[start : start + 50])]
    given, free = np.zeros((mixtures, 3), int), np.zeros((mixtures, 3), int)
    for item, found in enumerate(heard):
        similarity = found.vectors @ library.T
        score = mixture_score(similarity, found)
        for stem, group in enumerate(CIR_GROUPS):
            given[item, stem] = (score[group_of == group] > score[stems[item, stem]]).sum()
        claimed = similarity[found.confidence >= PRESENT] if (found.confidence >= PRESENT).any() else similarity[:1]
        ranks = np.stack([(claimed > claimed[:, [number]]).sum(axis=1) for number in stems[item]], axis=1)
        free[item] = len(library)
        slot, stem = linear_sum_assignment(np.log1p(ranks))
        free[item, stem] = ranks[slot, stem]
    figures = {"candidates": Figure(len(library), len(library), len(library))}
    for name, ranks in (("family given", given), ("family not given", free)):
        for k in (1, 5):
            hits = ranks < k
            figures[f"top-{k}, {name}"] = share(hits)
            for stem, group in enumerate(CIR_GROUPS):
                figures[f"top-{k} {group}, {name}"] = share(hits[:, stem])
    return Answer(figures)


def parts(system: System, material: Material, seed: int = 4, groups: int = 200) -> Answer:
    """Similarity by part (CSN): each query has one pseudo-mix for each part that shares just this part with it. How
    often, under a part, the mix that shares it is the nearest of the query's five; and of all queries' mixes."""
    rng = np.random.default_rng(seed)
    pseudo_mixes = PseudoMixes(material.held_out)
    samples = material.held_out.samples.shape[1]
    drawn = [pseudo_mixes.draw(rng, samples)[:2] for _ in range(groups)]
    queries = system.parts(np.stack([anchor for anchor, _ in drawn]))
    sharing = np.stack([system.parts(mixes) for _, mixes in drawn])  # [groups, shared, parts, dimension]
    similarity = np.einsum("gpd,hspd->gphs", queries, sharing)
    group, part = np.arange(groups)[:, None], np.arange(len(PARTS))[None]
    own = similarity[group, part, group, part]  # [groups, parts]
    hits = own >= similarity[np.arange(groups), :, np.arange(groups)].max(axis=2)
    among_all = own >= similarity.max(axis=(2, 3))
    figures = {name: share(hits[:, number]) for number, name in enumerate(PARTS)}
    return Answer(figures | {"mean": share(hits), "mean, among all": share(among_all)})


def loops(system: System, material: Material, seed: int = 6) -> Answer:
    """Loops of one part alone: how often, under its part, another loop by the same instruments in other phrases is the
    nearest of `LOOPS`, or of as many as there are instruments for."""
    rng = np.random.default_rng(seed)
    pseudo_mixes = PseudoMixes(material.held_out)
    hits = {}
    for number, part in enumerate(PARTS):
        played = pseudo_mixes.alone(part, LOOPS, rng, material.held_out.samples.shape[1])
        one, other = (system.parts(played[:, phrase])[:, number] for phrase in (0, 1))
        similarity = one @ other.T
        own = np.diagonal(similarity)
        hits[part] = np.concatenate([own >= similarity.max(axis=1), own >= similarity.max(axis=0)])
    figures = {part: share(right) for part, right in hits.items()}
    return Answer(figures | {"mean": share(np.concatenate(list(hits.values())))})


def _group(family: str | None) -> str:
    return next((group for group, families in CIR_GROUPS.items() if family in families), "other")


def _produced(protocol: Protocol) -> Protocol:
    """The same protocol on produced mixtures; the library stays dry, as sample packs are."""
    return lambda system, material: protocol(system, material.as_produced())


PROTOCOLS: dict[str, Protocol] = {
    "single": single,
    "smti": smti,
    "cir": cir,
    "smti-produced": _produced(smti),
    "cir-produced": _produced(cir),
    "parts": parts,
    "loops": loops,
    "song": song,
    "song-produced": _produced(song),
}
