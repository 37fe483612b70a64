import numpy as np
import pytest
import torch

from heartfeat.pretraining.crops import Pairs
from heartfeat.pretraining.objectives.contrast import NOBODY, HierarchicalContrast
from heartfeat.pretraining.settings import ContrastSettings

from .tiny import ENCODERS, make_batch, make_encoder

RNG = np.random.default_rng(0)


def objective_of(encoder, **settings):
    torch.manual_seed(1)
    return HierarchicalContrast(encoder, ContrastSettings(projection=16, **settings))


def embeddings(encoder, projectors, waveform, states):
    """By place: vectors and who has one; float64, from the tokens on."""
    with torch.no_grad():
        tokens = encoder.encode(encoder.patches(waveform))[-1].double().numpy()
    whole = np.concatenate([tokens.mean(axis=1), tokens.std(axis=1, ddof=1)], axis=1)
    places = {0: (projected(projectors["cycle"], whole), np.ones(len(tokens), bool))}
    for state in range(4):
        share = states[:, :, state].double().numpy()
        weight = share.sum(axis=1)
        mean = np.einsum("bt,btd->bd", share, tokens) / np.maximum(weight, 1e-3)[:, None]
        places[1 + state] = projected(projectors["structure"], mean), weight >= 1
    return places


def projected(projector, rows):
    with torch.no_grad():
        vectors = projector.double()(torch.from_numpy(rows)).numpy()
    projector.float()
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def info_nce(ours, partners, others, people, of_others, temperature):
    losses = []
    for vector, partner, person in zip(ours, partners, people, strict=True):
        positive = np.exp(vector @ partner / temperature)
        negatives = [
            np.exp(vector @ other / temperature)
            for other, whose in zip(others, of_others, strict=True)
            if whose not in (person, NOBODY)
        ]
        losses.append(-np.log(positive / (positive + sum(negatives))))
    return np.mean(losses)


@pytest.mark.parametrize("name", ENCODERS)
def test_the_losses_of_simclr_equal_their_formula_in_double_precision(name):
    encoder, batch = make_encoder(name).eval(), make_batch(6, name)
    assert len(set(batch.people[:6].tolist())) < 6, "some must be of one person"
    objective = objective_of(encoder, temperature=0.2, cycle_weight=0.5, structure_weight=2.0)
    figures = objective(encoder, batch, RNG)

    expected = {}
    people = batch.people.numpy()
    places = embeddings(encoder, objective.projectors, batch.varied, batch.states)
    for place, (vectors, present) in places.items():
        both = np.tile(present[:6] & present[6:], 2)
        ours, who = vectors[both], people[both]
        expected[place] = info_nce(ours, np.roll(ours, len(ours) // 2, axis=0), ours, who, who, 0.2)
    structure = np.mean([expected[place] for place in (1, 2, 3, 4)])
    assert figures["cycle"].item() == pytest.approx(expected[0], rel=1e-4)
    assert figures["structure"].item() == pytest.approx(structure, rel=1e-4)
    assert figures["loss"].item() == pytest.approx(0.5 * expected[0] + 2 * structure, rel=1e-4)


def test_crops_of_the_same_person_are_no_negatives():
    encoder, batch = make_encoder(), make_batch(4)
    objective = objective_of(encoder)
    alone = Pairs(batch.plain, batch.varied, batch.states, torch.zeros(8, dtype=torch.int64))
    assert objective(encoder, alone, RNG)["loss"].item() == pytest.approx(0.0, abs=1e-6)


def test_a_structure_that_is_in_one_crop_of_a_pair_only_is_not_compared():
    encoder, batch = make_encoder(), make_batch(4)
    objective = objective_of(encoder)
    states = batch.states.clone()
    states[4:] = 0
    figures = objective(encoder, Pairs(batch.plain, batch.varied, states, batch.people), RNG)
    assert figures["structure"].item() == 0
    figures["loss"].backward()
    # Zero rather than none: processes wait for each other's gradients.
    assert all(p.grad.eq(0).all() for p in objective.projectors["structure"].parameters())


def test_the_mean_over_structures_is_over_those_that_are_compared():
    encoder, batch = make_encoder(), make_batch(6)
    objective = objective_of(encoder, temperature=0.2)
    states = batch.states.clone()
    states[6:, :, 1:3] = 0
    figures = objective(encoder, Pairs(batch.plain, batch.varied, states, batch.people), RNG)
    people, expected = batch.people.numpy(), []
    for place, (vectors, present) in embeddings(encoder, objective.projectors, batch.varied, states).items():
        both = np.tile(present[:6] & present[6:], 2)
        if place and both.any():
            ours, who = vectors[both], people[both]
            expected.append(info_nce(ours, np.roll(ours, len(ours) // 2, axis=0), ours, who, who, 0.2))
    assert len(expected) == 2
    assert figures["structure"].item() == pytest.approx(np.mean(expected), rel=1e-4)


def test_the_projection_of_a_level_without_weight_is_not_trained():
    objective = objective_of(make_encoder(), structure_weight=0.0)
    assert not any(p.requires_grad for p in objective.projectors["structure"].parameters())
    assert all(p.requires_grad for p in objective.projectors["cycle"].parameters())


def test_tokens_that_are_all_alike_give_finite_gradients():
    encoder, batch = make_encoder(), make_batch(4)
    objective = objective_of(encoder)
    with torch.no_grad():
        encoder.embed.weight.zero_()
    objective(encoder, batch, RNG)["loss"].backward()
    tokens = encoder.encode(encoder.patches(batch.varied))[-1]
    assert tokens.std(dim=1).max() < 1e-6
    assert all(p.grad is None or p.grad.isfinite().all() for p in encoder.parameters())


def test_half_precision_compares_in_full_precision():
    encoder, batch = make_encoder(), make_batch(4)
    objective = objective_of(encoder)
    rows = torch.nn.functional.normalize(torch.randn(4, 16), dim=1)
    arguments = (rows, rows, rows, batch.people[:4], batch.people[:4])
    with torch.autocast("cpu", torch.bfloat16):
        rounded = objective._compare(*arguments)[0]
    assert torch.equal(rounded, objective._compare(*arguments)[0])


def test_moco_compares_with_a_queue_of_earlier_keys_whose_oldest_go_first():
    encoder = make_encoder()
    objective = objective_of(encoder, method="moco", queue=16, temperature=0.2)
    with torch.no_grad():
        encoder.embed.weight.mul_(1.5)
    earlier: list[tuple[np.ndarray, np.ndarray]] = []
    for step in range(4):
        batch = make_batch(6, seed=step)
        queries = embeddings(encoder, objective.projectors, batch.varied[:6], batch.states[:6])
        keys = embeddings(
            objective.momentum_encoder, objective.momentum_projectors, batch.varied[6:], batch.states[6:]
        )
        figures = objective(encoder, batch, RNG)

        people = batch.people[:6].numpy()
        others = np.concatenate([np.empty((0, 16)), *(vectors for vectors, _ in earlier)])[-16:]
        owners = np.concatenate([np.empty(0, int), *(who for _, who in earlier)])[-16:]
        expected = info_nce(queries[0][0], keys[0][0], others, people, owners, 0.2)
        assert figures["cycle"].item() == pytest.approx(expected, rel=1e-4, abs=1e-6)
        earlier.append((keys[0][0], batch.people[6:].numpy()))
    # 24 keys have gone round a queue of 16.
    assert objective.queue_next == 24 % 16
    newest = objective.queue[0, (8 + np.arange(16)) % 16].numpy()
    np.testing.assert_allclose(
        newest, np.concatenate([vectors for vectors, _ in earlier])[-16:], rtol=1e-4, atol=1e-5
    )


def test_absent_structures_leave_places_of_nobody_in_the_queue():
    encoder, batch = make_encoder(), make_batch(4)
    objective = objective_of(encoder, method="moco", queue=16)
    batch.states[5, :, 1] = 0
    objective(encoder, batch, RNG)
    assert objective.queue_people[2, :4].tolist()[1] == NOBODY
    assert objective.queue_people[0, :4].tolist() == batch.people[4:].tolist()
    assert objective.queue_people[:, 4:].eq(NOBODY).all()


def test_the_momentum_encoder_follows_and_gets_no_gradient():
    encoder = make_encoder()
    objective = objective_of(encoder, method="moco", queue=16, momentum=0.75)
    for seed in (0, 1):
        loss = objective(encoder, make_batch(4, seed=seed), RNG)["loss"]
    loss.backward()
    before = {name: p.clone() for name, p in objective.momentum_encoder.named_parameters()}
    assert all(p.grad is None for p in objective.momentum_encoder.parameters())
    assert any(p.grad.abs().sum() > 0 for p in encoder.parameters())
    with torch.no_grad():
        for p in encoder.parameters():
            p.add_(1.0)
    objective.after_step(encoder, 0.5)
    for name, p in objective.momentum_encoder.named_parameters():
        torch.testing.assert_close(p, before[name] + 0.25)
