//! Which maps are shown, and their common cell cursor.

use leptos::prelude::*;
use spat_spec::{ModuleId, ModuleMaps};

use crate::charts::Cell;
use crate::state::Page;

/// The selection. A copy is a handle on the same signals.
#[derive(Clone, Copy)]
pub(super) struct Choice {
    page: Page,
    /// The selected module or one of its maps, by name, since another training may have other modules.
    module: RwSignal<Option<ModuleId>>,
    /// `None` is the mean of heads.
    head: RwSignal<Option<usize>>,
    /// Shared by both maps.
    pub(super) cursor: RwSignal<Option<Cell>>,
    /// Index in `Page::maps`, and head, limited to those that exist.
    shown: Memo<(usize, Option<usize>)>,
}

impl Choice {
    /// The first module, mean of heads.
    pub(super) fn new(page: Page) -> Self {
        let module = RwSignal::new(None);
        let head = RwSignal::new(None);
        let shown = Memo::new(move |_| {
            page.maps.with(|maps| {
                let wanted = module.get();
                let is_wanted = |id: &ModuleId| wanted.as_ref().is_some_and(|wanted| wanted == id);
                let place = maps
                    .iter()
                    .position(|map| is_wanted(&map.module))
                    .or_else(|| maps.iter().position(|map| is_wanted(&map.module.module())))
                    .unwrap_or(0);
                let heads = maps.get(place).map_or(0, |map| map.heads);
                (place, head.get().filter(|&head| head < heads))
            })
        });
        Self {
            page,
            module,
            head,
            cursor: RwSignal::new(None),
            shown,
        }
    }

    /// Selects a module; the head is kept.
    pub(super) fn choose_module(self, module: ModuleId) {
        self.module.set(Some(module));
    }

    /// Selects a head, or the mean of heads.
    pub(super) fn choose_head(self, head: Option<usize>) {
        self.head.set(head);
    }

    /// The head that is shown; `None` is the mean.
    pub(super) fn head(self) -> Option<usize> {
        self.shown.get().1
    }

    /// Whether this module is shown.
    pub(super) fn shows(self, module: &ModuleId) -> bool {
        self.with(|maps| maps.module == *module).unwrap_or(false)
    }

    /// Reads the maps that are shown.
    pub(super) fn with<T>(self, of: impl FnOnce(&ModuleMaps) -> T) -> Option<T> {
        let place = self.shown.get().0;
        self.page.maps.with(|maps| maps.get(place).map(of))
    }
}
