//! Costs of the model, before training.

use leptos::prelude::*;
use spat_report::number;
use spat_series::Part;
use spat_spec::{Experiment, LONG_TRAINING, Structure, rough_duration};

use crate::state::{Page, Preset};

/// Figures of the dense model.
#[derive(Debug, Clone, PartialEq)]
struct Figures {
    parameters: u64,
    macs: u64,
    modules: usize,
    windows: usize,
    seconds: f64,
}

/// The figures as tiles.
#[component]
pub(super) fn Cost() -> impl IntoView {
    let page = Page::from_context();
    let figures = Memo::new(move |_| figures(page, &page.experiment()?));
    let tile = move |name: &'static str, value: fn(&Figures) -> String| {
        let value =
            move || figures.with(|figures| figures.as_ref().map_or_else(|| "–".to_owned(), value));
        view! {
            <div class="tile">
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    };
    let long = move || {
        let long = figures.with(|figures| figures.as_ref().map_or(0.0, |figures| figures.seconds));
        (long > LONG_TRAINING).then(|| {
            let long = rough_duration(long);
            view! {
                <p class="hint" data-testid="long">
                    {format!(
                        "On a CPU this takes about {long}. Fewer channels in step 1, a smaller size or fewer epochs reduce it.",
                    )}
                </p>
            }
        })
    };
    view! {
        <dl class="tiles" data-testid="cost">
            {tile("parameters", |figures| number::count(figures.parameters))}
            {tile("MACs per window", |figures| number::count(figures.macs))}
            {tile("attention modules", |figures| figures.modules.to_string())}
            {tile("training windows", |figures| number::count(figures.windows as u64))}
            {tile("training on a CPU, about", |figures| rough_duration(figures.seconds))}
        </dl>
        {long}
    }
}

/// Estimated seconds of training in a size on a CPU; `None` without a table.
pub(super) fn seconds_of(page: Page, preset: Preset) -> Option<f64> {
    let table = page.table.get()?;
    let setup = page.setup.with(|setup| preset.apply(setup));
    let (channels, dates) = (table.series.channel_count(), table.has_dates());
    let experiment = setup.experiment(table.data.clone(), channels, dates, 0.0);
    figures(page, &experiment).map(|figures| figures.seconds)
}

fn figures(page: Page, experiment: &Experiment) -> Option<Figures> {
    let table = page.table.get()?;
    experiment.check().ok()?;
    let forecaster = &experiment.forecaster;
    let cost = Structure::dense(forecaster.clone()).cost();
    let (lookback, horizon) = (forecaster.lookback(), forecaster.horizon());
    let split = experiment
        .data
        .split
        .apply_to(&table.series, lookback, horizon);
    let windows = split.map_or(0, |split| {
        let windows = split.windows(Part::Train, &table.series, lookback, horizon);
        windows.len()
    });
    Some(Figures {
        parameters: cost.params,
        macs: cost.macs,
        modules: forecaster.modules().len(),
        windows,
        seconds: experiment.training_seconds(windows),
    })
}
