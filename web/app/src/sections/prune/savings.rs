//! What is saved: modules, parameters, multiply–accumulates.

use leptos::prelude::*;
use spat_report::number;

use super::preview::Preview;

/// The tiles.
#[component]
pub(super) fn Savings(preview: Memo<Option<Preview>>) -> impl IntoView {
    let figure = move |of: fn(&Preview) -> String| {
        move || preview.with(|preview| preview.as_ref().map(of).unwrap_or_default())
    };
    view! {
        <dl class="tiles prune-tiles">
            <div class="tile" data-testid="tile-modules">
                <dt>{figure(what)}</dt>
                <dd>{figure(removed)}</dd>
            </div>
            <div class="tile" data-testid="tile-parameters">
                <dt>"Parameters saved"</dt>
                <dd>{figure(parameters)}</dd>
            </div>
            <div class="tile" data-testid="tile-macs">
                <dt>"Multiply–accumulates (MACs) saved"</dt>
                <dd>{figure(macs)}</dd>
            </div>
        </dl>
    }
}

fn what(preview: &Preview) -> String {
    format!("Attention {} removed", preview.unit(preview.all()))
}

fn removed(preview: &Preview) -> String {
    format!("{} of {}", preview.removed(), preview.all())
}

fn parameters(preview: &Preview) -> String {
    let (before, after) = preview.costs();
    let saved = before.params.saturating_sub(after.params);
    format!("{} ({})", number::count(saved), share(saved, before.params))
}

fn macs(preview: &Preview) -> String {
    let (before, after) = preview.costs();
    share(before.macs.saturating_sub(after.macs), before.macs)
}

fn share(part: u64, whole: u64) -> String {
    let percent = if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64 * 100.0
    };
    format!("{percent:.1} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_readable() {
        assert_eq!(share(1, 8), "12.5 %");
        assert_eq!(share(0, 0), "0.0 %");
    }
}
