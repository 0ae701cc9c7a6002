//! Every stage, in launches with expected outputs from its CPU reference.

mod attentions;
mod case;
mod ends;
mod products;
mod reductions;
mod values;

pub(crate) use case::Case;

pub(crate) fn all() -> Vec<Case> {
    [
        reductions::reductions(),
        products::products(),
        values::values(),
        values::norms(),
        values::scans(),
        attentions::attentions(),
        vec![values::adam()],
        ends::ends(),
        ends::errors(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
