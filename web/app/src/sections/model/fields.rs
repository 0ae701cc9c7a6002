//! Form fields of the setup.

use leptos::prelude::*;
use spat_spec::{
    Accumulate, Deviation, FieldInfo, FieldRange, FieldValue, MaskShape, ModelKind, Scaling,
    Scorer, Sign, WeightAveraging, When,
};

use crate::sections::Help;
use crate::show::Listed as _;
use crate::state::{Page, Setup};

/// Window lengths, epochs and seed.
#[component]
pub(super) fn WindowFields() -> impl IntoView {
    view! {
        <div class="row">
            <IntegerField label="Look-back, rows" name="lookback" get=|s| s.forecaster.lookback() as u64 set=|s, n| s.set_window(size(n), s.forecaster.horizon()) />
            <Help
                about="look-back"
                text="How many past rows the model sees when it makes a forecast. Four days of hours are 96."
            />
            <IntegerField label="Horizon, rows" name="horizon" get=|s| s.forecaster.horizon() as u64 set=|s, n| s.set_window(s.forecaster.lookback(), size(n)) />
            <Help
                about="horizon"
                text="How many rows ahead it forecasts, all at once. A day of hours is 24."
            />
            <IntegerField label="Epochs" name="epochs" get=|s| s.training.epochs as u64 set=|s, n| s.training.epochs = size(n) />
            <IntegerField label="Seed" name="seed" get=|s| s.seed set=|s, n| s.seed = n />
        </div>
    }
}

/// All other settings.
#[component]
pub(super) fn MoreFields() -> impl IntoView {
    let page = Page::from_context();
    let kind = Memo::new(move |_| page.setup.with(|setup| setup.forecaster.kind()));
    let choose = move |id: &str| {
        if let Some(kind) = ModelKind::find(id) {
            page.setup.update(|setup| setup.set_kind(kind));
        }
    };
    view! {
        <details class="more">
            <summary>"More choices"</summary>
            <div class="row">
                <label class="field">
                    "Kind of model"
                    <select data-testid="kind" on:change:target=move |event| choose(&event.target().value())>
                        {ModelKind::all()
                            .map(|each| view! {
                                <option value=each.id prop:selected=move || kind.get() == each>
                                    {each.title}
                                </option>
                            })
                            .listed()}
                    </select>
                </label>
                {move || {
                    kind.get();
                    let fields = page.setup.with_untracked(|setup| setup.forecaster.fields());
                    fields
                        .into_iter()
                        .map(|(info, _)| view! { <ModelField info /> })
                        .listed()
                }}
                <IntegerField label="Batch" name="batch" get=|s| s.training.batch as u64
                    set=|s, n| {
                        s.training.batch = size(n);
                        s.finetune.batch = size(n);
                    } />
                <IntegerField
                    label="Epochs of fine-tuning"
                    name="finetune-epochs"
                    get=|s| s.finetune.epochs as u64
                    set=|s, n| s.finetune.epochs = size(n)
                />
                <IntegerField
                    label="Validations per epoch of fine-tuning"
                    name="finetune-validations"
                    get=|s| s.finetune.validations as u64
                    set=|s, n| s.finetune.validations = size(n)
                />
                <Choice
                    label="Averaged weights of fine-tuning"
                    options=&["none", "moving average over steps", "mean over validations"]
                    get=|s| match s.finetune.averaging {
                        WeightAveraging::None => 0,
                        WeightAveraging::Ema { .. } => 1,
                        WeightAveraging::Epochs => 2,
                    }
                    set=|s, n| {
                        let choices =
                            [WeightAveraging::None, WeightAveraging::EMA, WeightAveraging::Epochs];
                        s.finetune.averaging = choices[n];
                    }
                />
                <label class="field">
                    "Learning rate"
                    <input
                        type="number"
                        step="any"
                        min="0"
                        data-testid="learning-rate"
                        prop:value=move || page.setup.with(|setup| setup.training.learning_rate.to_string())
                        on:change:target=move |event| {
                            // An empty field is 0, which the error message below reports.
                            let rate = event.target().value().parse().unwrap_or(0.0);
                            page.setup.update(|setup| setup.set_learning_rate(rate));
                        }
                    />
                </label>
            </div>
            <div class="row">
                <ScorerField />
            </div>
            <ScoreFields />
            <label class="choice">
                <input
                    type="checkbox"
                    data-testid="finetune-keep-start"
                    prop:checked=move || page.setup.with(|setup| setup.finetune.keep_start)
                    on:change:target=move |event| {
                        let on = event.target().checked();
                        page.setup.update(|setup| setup.finetune.keep_start = on);
                    }
                />
                "Fine-tuning may end with the weights it started from"
            </label>
            <label class="choice">
                <input
                    type="checkbox"
                    data-testid="control"
                    prop:checked=move || page.setup.with(|setup| setup.dense_control)
                    on:change:target=move |event| {
                        let on = event.target().checked();
                        page.setup.update(|setup| setup.dense_control = on);
                    }
                />
                "Fine-tune the dense model as long, for comparison"
            </label>
            <label class="choice">
                <input
                    type="checkbox"
                    data-testid="linear-baselines"
                    prop:checked=move || page.setup.with(|setup| setup.linear_baselines)
                    on:change:target=move |event| {
                        let on = event.target().checked();
                        page.setup.update(|setup| setup.linear_baselines = on);
                    }
                />
                "Train linear models too, for comparison"
            </label>
        </details>
    }
}

/// A setting of the model, as the catalogue describes it.
#[component]
fn ModelField(info: FieldInfo) -> impl IntoView {
    let page = Page::from_context();
    let value = move || {
        page.setup.with(|setup| {
            let fields = setup.forecaster.fields();
            let mut fields = fields.into_iter();
            fields.find_map(|(other, value)| (other.flag == info.flag).then_some(value))
        })
    };
    let set = move |value: FieldValue| {
        page.setup.update(|setup| {
            setup.forecaster.set(info.flag, value);
        });
    };
    if info.range == FieldRange::Switch {
        return view! {
            <label class="choice" title=info.help>
                <input
                    type="checkbox"
                    data-testid=info.flag
                    prop:checked=move || value() == Some(FieldValue::Switch(true))
                    on:change:target=move |event| set(FieldValue::Switch(event.target().checked()))
                />
                {info.label}
            </label>
        }
        .into_any();
    }
    let is_whole = matches!(info.range, FieldRange::Count { .. });
    view! {
        <label class="field" title=info.help>
            {info.label}
            <input
                type="number"
                min="0"
                step=if is_whole { "1" } else { "any" }
                inputmode=if is_whole { "numeric" } else { "decimal" }
                data-testid=info.flag
                prop:value=move || match value() {
                    Some(FieldValue::Count(value)) => value.to_string(),
                    Some(FieldValue::Probability(value)) => value.to_string(),
                    Some(FieldValue::Switch(_)) | None => String::new(),
                }
                on:change:target=move |event| {
                    // An empty field is 0 or no probability; the check of the experiment reports it.
                    let text = event.target().value();
                    set(if is_whole {
                        FieldValue::Count(text.parse().unwrap_or(0))
                    } else {
                        FieldValue::Probability(text.parse().unwrap_or(f64::NAN))
                    });
                }
            />
        </label>
    }
    .into_any()
}

/// Selection of the scorer.
#[component]
fn ScorerField() -> impl IntoView {
    let page = Page::from_context();
    let choose = move |name: &str| {
        if let Ok(scorer) = name.parse() {
            page.setup.update(|setup| setup.scorer = scorer);
        }
    };
    view! {
        <label class="field">
            "Scorer"
            <select data-testid="scorer" on:change:target=move |event| choose(&event.target().value())>
                {Scorer::ALL
                    .map(|each| view! {
                        <option
                            value=each.name()
                            prop:selected=move || page.setup.with(|setup| setup.scorer == each)
                        >
                            {each.title()}
                        </option>
                    })
                    .listed()}
            </select>
        </label>
    }
}

/// Options of SEND that the paper's public digests leave open.
#[component]
fn ScoreFields() -> impl IntoView {
    view! {
        <fieldset>
            <legend>
                "Options of SEND"
                <Help
                    about="SEND"
                    text="SEND scores an attention module by how unevenly the loss reacts to its connections: each row of the sensitivities S = A ⊙ ∂L/∂A goes through a softmax, and the score is the standard deviation of what comes out. This is a reconstruction from the abstract and public digests; what they leave open can be chosen here."
                />
            </legend>
            <div class="row">
                <Choice
                    label="Mask"
                    options=&["one for the batch", "one per sample"]
                    get=|s| usize::from(s.send.mask == MaskShape::PerSample)
                    set=|s, n| s.send.mask = [MaskShape::Shared, MaskShape::PerSample][n]
                />
                <Choice
                    label="Sign"
                    options=&["kept", "absolute"]
                    get=|s| usize::from(s.send.sign == Sign::Absolute)
                    set=|s, n| s.send.sign = [Sign::Signed, Sign::Absolute][n]
                />
                <Choice
                    label="Deviation"
                    options=&["population", "unbiased"]
                    get=|s| usize::from(s.send.deviation == Deviation::Unbiased)
                    set=|s, n| s.send.deviation = [Deviation::Population, Deviation::Unbiased][n]
                />
                <Choice
                    label="Scaling"
                    options=&["standardise", "none", "sum of losses"]
                    get=|s| match s.send.scaling {
                        Scaling::None => 1,
                        Scaling::SumLoss => 2,
                        Scaling::Standardise | Scaling::Temperature(_) => 0,
                    }
                    set=|s, n| s.send.scaling = [Scaling::Standardise, Scaling::None, Scaling::SumLoss][n]
                />
                <Choice
                    label="Over batches"
                    options=&["mean", "sum", "last epoch"]
                    get=|s| match s.send.accumulate {
                        Accumulate::Sum => 1,
                        Accumulate::LastEpoch => 2,
                        Accumulate::Mean | Accumulate::Ema(_) => 0,
                    }
                    set=|s, n| {
                        s.send.accumulate = [Accumulate::Mean, Accumulate::Sum, Accumulate::LastEpoch][n];
                    }
                />
                <Choice
                    label="When"
                    options=&["during training", "after training"]
                    get=|s| usize::from(s.send.when == When::After)
                    set=|s, n| s.send.when = [When::During, When::After][n]
                />
            </div>
        </fieldset>
    }
}

/// A list of options, by index.
#[component]
fn Choice(
    label: &'static str,
    options: &'static [&'static str],
    get: fn(&Setup) -> usize,
    set: fn(&mut Setup, usize),
) -> impl IntoView {
    let page = Page::from_context();
    let last = options.len() - 1;
    view! {
        <label class="field">
            {label}
            <select on:change:target=move |event| {
                let chosen = event.target().value().parse().unwrap_or(0).min(last);
                page.setup.update(|setup| set(setup, chosen));
            }>
                {options
                    .iter()
                    .enumerate()
                    .map(|(number, option)| {
                        view! {
                            <option
                                value=number.to_string()
                                prop:selected=move || page.setup.with(get) == number
                            >
                                {*option}
                            </option>
                        }
                    })
                    .listed()}
            </select>
        </label>
    }
}

/// Saturates: `usize` has 32 bits in a browser, and only seeds need more.
fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A field for a whole number.
#[component]
fn IntegerField(
    label: &'static str,
    /// The test id.
    name: &'static str,
    get: fn(&Setup) -> u64,
    set: fn(&mut Setup, u64),
) -> impl IntoView {
    let page = Page::from_context();
    view! {
        <label class="field">
            {label}
            <input
                type="number"
                min="0"
                step="1"
                inputmode="numeric"
                data-testid=name
                prop:value=move || page.setup.with(get).to_string()
                on:change:target=move |event| {
                    // An empty field is 0; the error message below reports it if it is not allowed.
                    let number = event.target().value().parse().unwrap_or(0);
                    page.setup.update(|setup| set(setup, number));
                }
            />
        </label>
    }
}
