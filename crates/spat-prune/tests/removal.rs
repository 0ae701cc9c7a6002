//! Removal from every model with attention: a removed module or head equals one without output, and the
//! plan keeps what the description protects.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use burn::nn::Linear;
use burn::tensor::{Device, Distribution, Tensor};
use spat_model::{
    AttentionSlot, Forecaster, ForwardContext, HasAttention as _, MultiHeadAttention, read,
};
use spat_prune::{Sample, ScoringOptions, apply, score_with};
use spat_spec::{
    AttentionSite, FieldValue, ForecasterConfig, Granularity, HeadRemoval, ModelKind, ModuleId,
    Plan, PruneRule, Rounding, Scorer, Size, Structure, Window,
};

const HEADS: usize = 4;

fn models() -> impl Iterator<Item = (&'static str, ForecasterConfig)> {
    let models = ModelKind::all().map(|kind| {
        let (mut config, _) = kind.defaults(Window::new(30, 20, 3), false);
        config.resize(Size {
            width: 16,
            layers: 2,
            heads: HEADS,
        });
        // A small size reduces the layers and heads of some models.
        config.set("layers", FieldValue::Count(2));
        config.set("heads", FieldValue::Count(HEADS));
        (kind.id, config)
    });
    models.filter(|(_, config)| !config.sites().is_empty())
}

fn sample() -> Sample {
    let random = |rows| Tensor::random([2, rows, 3], Distribution::Default, &Device::flex());
    Sample {
        inputs: random(30).into(),
        target: random(20).into(),
    }
}

fn forecast(model: &Forecaster, sample: &Sample) -> Vec<f32> {
    let cx = &mut ForwardContext::evaluation();
    pollster::block_on(read(model.forward(sample.inputs.clone(), cx))).unwrap()
}

/// The forecasts' largest difference.
fn difference(one: &[f32], other: &[f32]) -> f32 {
    let pairs = one.iter().zip(other);
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn given(removed: Vec<ModuleId>, removed_heads: Vec<HeadRemoval>) -> Plan {
    Plan {
        removed,
        removed_heads,
        ..Plan::of_modules("given", vec![], vec![]).unwrap()
    }
}

/// The model with `silence` applied to each attention of the module.
fn silenced(
    model: &Forecaster,
    module: &ModuleId,
    silence: impl Fn(&mut MultiHeadAttention),
) -> Forecaster {
    model.clone().map_attention(|mut slot: AttentionSlot| {
        if slot.id() == module {
            slot.module.iter_mut().for_each(&silence);
            slot.sender
                .iter_mut()
                .for_each(|sender| silence(&mut sender.attention));
        }
        slot
    })
}

/// Score chains are left out: there a silenced module still passes its scores on (see `heads.rs`).
fn without_score_chain() -> impl Iterator<Item = (&'static str, ForecasterConfig)> {
    models().filter(|(id, _)| *id != "patchtst-authors")
}

#[test]
fn a_removed_module_equals_one_without_output() {
    let sample = sample();
    for (id, config) in without_score_chain() {
        let dense = Forecaster::init(&Structure::dense(config.clone()), 3, &Device::flex());
        let before = forecast(&dense, &sample);
        for site in config.sites() {
            let module = site.id;
            let zero = |attention: &mut MultiHeadAttention| {
                let Linear { weight, bias } = attention.output.clone();
                attention.output = Linear {
                    weight: weight.map(|weight| weight.zeros_like()),
                    bias: bias.map(|bias| bias.map(|bias| bias.zeros_like())),
                };
            };
            let silenced = forecast(&silenced(&dense, &module, zero), &sample);
            let pruned = apply(&given(vec![module.clone()], Vec::new()), dense.clone());
            let removed = forecast(&pruned, &sample);
            assert!(difference(&silenced, &removed) < 1e-5, "{id} {module}");
            assert!(difference(&before, &removed) > 1e-4, "{id} {module}");
        }
    }
}

#[test]
fn removed_heads_equal_heads_without_output() {
    let sample = sample();
    for (id, config) in without_score_chain() {
        let dense = Forecaster::init(&Structure::dense(config.clone()), 4, &Device::flex());
        for AttentionSite {
            id: module,
            heads,
            head_width,
            ..
        } in config.sites()
        {
            let gone = [1, 2];
            if heads == 1 {
                continue;
            }
            // Their rows of W_o, which lie side by side.
            let rows = head_width..3 * head_width;
            let zero = |attention: &mut MultiHeadAttention| {
                let Linear { weight, bias } = attention.output.clone();
                let weight = weight.map(|weight| {
                    let [inner, width] = weight.dims();
                    let before = weight.clone().narrow(0, 0, rows.start);
                    let after = weight.narrow(0, rows.end, inner - rows.end);
                    let zeros = Tensor::zeros([rows.len(), width], &before.device());
                    Tensor::cat(vec![before, zeros, after], 0)
                });
                attention.output = Linear { weight, bias };
            };
            let silenced = forecast(&silenced(&dense, &module, zero), &sample);
            let removal = HeadRemoval {
                module: module.clone(),
                heads: gone.to_vec(),
            };
            let pruned = apply(&given(Vec::new(), vec![removal]), dense.clone());
            let removed = forecast(&pruned, &sample);
            assert!(difference(&silenced, &removed) < 1e-5, "{id} {module}");
        }
    }
}

/// Every scorer gives each module and head a number; the highest ratio removes all but what is protected.
#[test]
fn every_scorer_ranks_every_model_and_plans_keep_what_is_protected() {
    let sample = sample();
    let mut options = ScoringOptions::default();
    (options.gates.steps, options.tuning.steps) = (2, 2);
    for (id, config) in models() {
        let dense = Structure::dense(config.clone());
        let model = Forecaster::init(&dense, 5, &Device::flex());
        let sites = config.sites();
        for scorer in Scorer::ALL {
            let batches = std::slice::from_ref(&sample);
            let scores = pollster::block_on(score_with(scorer, &model, batches, &options));
            if scorer.needs().trainable_weights && sites.iter().any(|site| site.frozen) {
                let refused = scores.unwrap_err().to_string();
                assert!(refused.contains("frozen"), "{id} {scorer}: {refused}");
                continue;
            }
            let scores = scores.unwrap();
            let modules: Vec<_> = scores.iter().map(|score| &score.module).collect();
            let described: Vec<_> = sites.iter().map(|site| &site.id).collect();
            assert_eq!(modules, described, "{id} {scorer}");
            if scorer.scores_heads() {
                let heads = scores.iter().map(|score| score.heads.len());
                assert!(
                    heads.eq(sites.iter().map(|site| site.heads)),
                    "{id} {scorer}"
                );
            }
            for granularity in [Granularity::Modules, Granularity::Heads] {
                if granularity == Granularity::Heads && !scorer.scores_heads() {
                    continue;
                }
                let rule = PruneRule {
                    ratio: 1.0,
                    rounding: Rounding::Ceil,
                    granularity,
                    ..PruneRule::default()
                };
                let plan = Plan::decide(scorer.name(), scores.clone(), &rule, &dense).unwrap();
                let protected = sites.iter().filter(|site| site.protected.is_some());
                let protected: Vec<_> = protected.map(|site| site.id.clone()).collect();
                assert_eq!(plan.kept, protected, "{id} {scorer}");
                assert_eq!(plan.rule.protect, protected, "{id} {scorer}");
                let left = plan.apply_to(dense.clone()).unwrap();
                let pruned = apply(&plan, model.clone());
                let weights = pollster::block_on(pruned.weights()).unwrap();
                let loaded = Forecaster::init(&left, 9, &Device::flex()).with_weights(weights);
                assert_eq!(
                    forecast(&loaded.unwrap(), &sample),
                    forecast(&pruned, &sample),
                    "{id} {scorer}"
                );
            }
        }
    }
}
