//! What is left of a dense forecaster: which attention modules stand, and with which heads.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{AttentionSite, ForecasterConfig, ModuleId};

/// A forecaster, dense or pruned, without its weights.
///
/// `d_model / heads` of the dense configuration stays the width of a head, and with it the scale
/// of the scores, whatever is removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Structure {
    /// The dense forecaster.
    pub forecaster: ForecasterConfig,
    /// Each attention module, from input to output.
    pub attention: Vec<AttentionStructure>,
}

/// One attention module's place and what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttentionStructure {
    /// Whose place.
    pub module: ModuleId,
    /// The heads that are kept, by their number in the dense module, ascending. Empty: the whole
    /// module is removed.
    pub heads: Vec<usize>,
}

/// A removal that does not fit the structure.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StructureError {
    /// No such module.
    #[error("there is no attention module `{module}`; the model has {known}")]
    UnknownModule {
        /// The name asked for.
        module: ModuleId,
        /// The names that exist.
        known: String,
    },
    /// A head number outside the module.
    #[error("module `{module}` has no head {head}; it has {heads}, counted from 0")]
    UnknownHead {
        /// The module.
        module: ModuleId,
        /// The head asked for.
        head: usize,
        /// How many heads the dense module has.
        heads: usize,
    },
    /// The list of modules is not the forecaster's.
    #[error("the structure lists other attention modules than its forecaster has")]
    OtherModules,
}

impl Structure {
    /// The dense structure: every module with every head.
    pub fn dense(forecaster: ForecasterConfig) -> Self {
        let attention = forecaster
            .sites()
            .into_iter()
            .map(|site| AttentionStructure {
                module: site.id,
                heads: (0..site.heads).collect(),
            })
            .collect();
        Self {
            forecaster,
            attention,
        }
    }

    /// The modules that stand.
    pub fn kept(&self) -> impl Iterator<Item = &ModuleId> {
        self.attention
            .iter()
            .filter(|slot| !slot.heads.is_empty())
            .map(|slot| &slot.module)
    }

    /// The standing heads of a module, by their numbers in the dense module.
    ///
    /// # Errors
    /// A name that the forecaster does not have.
    pub fn heads_of(&self, module: &ModuleId) -> Result<&[usize], StructureError> {
        self.attention
            .iter()
            .find(|slot| slot.module == *module)
            .map(|slot| slot.heads.as_slice())
            .ok_or_else(|| self.unknown(module))
    }

    /// How many heads the dense module has.
    ///
    /// # Errors
    /// A name that the forecaster does not have.
    pub fn dense_heads(&self, module: &ModuleId) -> Result<usize, StructureError> {
        let sites = self.forecaster.sites();
        let site = sites.into_iter().find(|site| site.id == *module);
        site.map(|site| site.heads)
            .ok_or_else(|| self.unknown(module))
    }

    /// The same structure without the named modules.
    ///
    /// # Errors
    /// A name that the forecaster does not have.
    pub fn without_modules(mut self, modules: &[ModuleId]) -> Result<Self, StructureError> {
        for module in modules {
            self.slot_mut(module)?.heads.clear();
        }
        Ok(self)
    }

    /// The same structure without the named heads (numbers of the dense module).
    ///
    /// # Errors
    /// A module or head that the forecaster does not have.
    pub fn without_heads(
        mut self,
        module: &ModuleId,
        heads: &[usize],
    ) -> Result<Self, StructureError> {
        let dense = self.dense_heads(module)?;
        if let Some(&head) = heads.iter().find(|&&head| head >= dense) {
            return Err(StructureError::UnknownHead {
                module: module.clone(),
                head,
                heads: dense,
            });
        }
        self.slot_mut(module)?
            .heads
            .retain(|head| !heads.contains(head));
        Ok(self)
    }

    /// Checks that the parts fit together, as they must after reading a file.
    ///
    /// # Errors
    /// Modules or heads that the forecaster does not have.
    pub fn check(&self) -> Result<(), StructureError> {
        let sites = self.forecaster.sites();
        let names = |slot: &AttentionStructure, site: &AttentionSite| slot.module == site.id;
        let mut pairs = self.attention.iter().zip(&sites);
        if sites.len() != self.attention.len() || !pairs.all(|(slot, site)| names(slot, site)) {
            return Err(StructureError::OtherModules);
        }
        for (slot, site) in self.attention.iter().zip(&sites) {
            let ascending = slot.heads.windows(2).all(|pair| pair[0] < pair[1]);
            let wrong = |head: &&usize| **head >= site.heads || !ascending;
            if let Some(&head) = slot.heads.iter().find(wrong) {
                return Err(StructureError::UnknownHead {
                    module: slot.module.clone(),
                    head,
                    heads: site.heads,
                });
            }
        }
        Ok(())
    }

    fn slot_mut(&mut self, module: &ModuleId) -> Result<&mut AttentionStructure, StructureError> {
        let unknown = self.unknown(module);
        self.attention
            .iter_mut()
            .find(|slot| slot.module == *module)
            .ok_or(unknown)
    }

    fn unknown(&self, module: &ModuleId) -> StructureError {
        let known: Vec<_> = self
            .attention
            .iter()
            .map(|slot| slot.module.as_str())
            .collect();
        StructureError::UnknownModule {
            module: module.clone(),
            known: known.join(", "),
        }
    }
}
