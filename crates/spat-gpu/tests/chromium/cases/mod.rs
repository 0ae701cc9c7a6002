//! Every stage in launches that its CPU reference has made too.

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
        attentions::attentions(),
        vec![values::adam()],
        ends::ends(),
        ends::errors(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
