//! The colour scheme: the system's, or a stored choice.

use crate::show::Listed as _;
use leptos::prelude::*;

/// Also read by `scripts/scheme.js`, before the first paint.
const KEY: &str = "spat-colours";

/// A colour scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// The system's scheme.
    Auto,
    Light,
    Dark,
}

impl Scheme {
    const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    fn key(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Auto => "Auto",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    fn kept() -> Self {
        let kept = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
        let is_kept = |scheme: &Self| kept.as_deref() == Some(scheme.key());
        Self::ALL.into_iter().find(is_kept).unwrap_or(Self::Auto)
    }

    /// Applies the scheme, and stores it if the browser allows that.
    fn apply(self) {
        if let Some(root) = document().document_element() {
            match self {
                Self::Auto => root.remove_attribute("data-theme").ok(),
                Self::Light | Self::Dark => root.set_attribute("data-theme", self.key()).ok(),
            };
        }
        if let Some(storage) = storage() {
            storage.set_item(KEY, self.key()).ok();
        }
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

/// Three radio buttons styled as one switch.
#[component]
pub(crate) fn SchemeSwitch() -> impl IntoView {
    let chosen = RwSignal::new(Scheme::kept());
    let choice = move |scheme: Scheme| {
        let choose = move |_| {
            chosen.set(scheme);
            scheme.apply();
        };
        view! {
            <label>
                <input
                    type="radio"
                    name="colours"
                    value=scheme.key()
                    data-testid=format!("colours-{}", scheme.key())
                    prop:checked=move || chosen.get() == scheme
                    on:change=choose
                />
                <span>{scheme.name()}</span>
            </label>
        }
    };
    view! {
        <fieldset class="scheme">
            <legend class="visually-hidden">"Colours"</legend>
            {Scheme::ALL.map(choice).listed()}
        </fieldset>
    }
}
