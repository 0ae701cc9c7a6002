//! Attention and sensitivity maps of the dense model, for display.

use burn::module::Module;
use spat_gpu::{attention_entropy, average_maps};
use spat_model::{Forecaster, ForwardContext, Probe, read};
use spat_series::Part;
use spat_spec::{ForecasterConfig, MaskShape, ModuleMaps};

use crate::error::JobError;
use crate::evaluate::first_rows;
use crate::run_context::RunContext;

/// Maximum number of cells of all maps in a report: about a megabyte of JSON.
const CELLS: usize = 200_000;

/// One attention and one sensitivity map for each map of a module, over one batch of training windows spread evenly over
/// the training rows. Maps that are too large for a report are omitted.
pub(crate) async fn module_maps(
    context: &RunContext<'_>,
    dense: &Forecaster,
    forecaster: &ForecasterConfig,
    batch: usize,
) -> Result<Vec<ModuleMaps>, JobError> {
    let all = first_rows(&context.dataset.windows(Part::Train));
    let stride = (all.len() / batch.max(1)).max(1);
    let rows: Vec<usize> = all.into_iter().step_by(stride).take(batch.max(1)).collect();
    let batch = context
        .dataset
        .batch(&rows, &context.device.clone().autodiff());
    let mut cx = ForwardContext::evaluation().with_probe(Probe::MasksAndMaps(MaskShape::Shared));
    let forecast = dense.clone().train().forward(batch.inputs, &mut cx);
    let loss = batch.target.errors(forecast).square().mean();
    if cx.maps().is_empty() {
        return Ok(Vec::new());
    }
    let mut sensitivities = cx.sensitivities(&mut loss.backward());

    let channels = &context.dataset.series.channels;
    let mut maps = Vec::new();
    let mut cells = 0;
    let sites = forecaster.sites();
    for map in sites.iter().flat_map(|site| &site.maps) {
        let Some(attention) = cx.maps().get(&map.id) else {
            continue;
        };
        let causal = attention.causal;
        let [_, heads, queries, keys] = attention.values.dims();
        cells += 2 * heads * queries * keys;
        let Some(sensitivity) = sensitivities.remove(&map.id).filter(|_| cells <= CELLS) else {
            continue;
        };
        let attention = attention.values.clone().inner();
        let entropies = read(attention_entropy(attention.clone(), causal))
            .await
            .map_err(JobError::Device)?;
        let entropy = entropies.iter().map(|&nats| f64::from(nats)).sum::<f64>() / heads as f64;
        maps.push(ModuleMaps {
            module: map.id.clone(),
            heads,
            queries,
            keys,
            labels: map.keys.labels(channels),
            query_labels: if map.queries == map.keys {
                Vec::new()
            } else {
                map.queries.labels(channels)
            },
            attention: read(average_maps(attention))
                .await
                .map_err(JobError::Device)?,
            // A single one of a shared mask, unless the columns differ between samples.
            sensitivity: read(sensitivity.values.sum_dim(0))
                .await
                .map_err(JobError::Device)?,
            // Relative to ln Lk, the entropy of a uniform row.
            entropy: entropy / (keys.max(2) as f64).ln(),
        });
    }
    Ok(maps)
}
