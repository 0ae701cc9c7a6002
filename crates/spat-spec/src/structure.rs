//! The structure of a forecaster: which attention modules and heads it has.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{AttentionSite, ForecasterConfig, ModuleId, PruneRule};

/// A forecaster, dense or pruned, without its weights.
///
/// The width of a head, and with it the scale of the scores, is always `d_model / heads` of the dense
/// configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Structure {
    /// The dense forecaster.
    pub forecaster: ForecasterConfig,
    /// Each attention module, from input to output.
    pub attention: Vec<AttentionStructure>,
}

/// One attention module of the dense forecaster, and its active heads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttentionStructure {
    /// The module.
    pub module: ModuleId,
    /// The active heads, by their number in the dense module, ascending. Empty if the module is removed.
    pub heads: Vec<usize>,
}

/// A removal that does not fit the structure.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StructureError {
    /// There is no such module.
    #[error("there is no attention module `{module}`; the model has {known}")]
    UnknownModule {
        /// The requested name.
        module: ModuleId,
        /// The existing names.
        known: String,
    },
    /// There is no such head.
    #[error("module `{module}` has no head {head}; it has {heads}, counted from 0")]
    UnknownHead {
        /// The module.
        module: ModuleId,
        /// The requested head.
        head: usize,
        /// Number of heads of the dense module.
        heads: usize,
    },
    /// The model does without the module only as a constant.
    #[error("attention module `{module}` cannot be removed: {reason}")]
    Protected {
        /// The module.
        module: ModuleId,
        /// What depends on it.
        reason: &'static str,
    },
    /// The module's heads cannot be told apart in its output.
    #[error(
        "single heads of attention module `{module}` cannot be removed: {reason}; remove whole \
         modules"
    )]
    Indivisible {
        /// The module.
        module: ModuleId,
        /// What joins the heads.
        reason: &'static str,
    },
    /// The list of modules differs from that of the forecaster.
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

    /// The modules that are not removed.
    pub fn kept(&self) -> impl Iterator<Item = &ModuleId> {
        self.attention
            .iter()
            .filter(|slot| !slot.heads.is_empty())
            .map(|slot| &slot.module)
    }

    /// The rule with the modules that the model's description protects.
    #[must_use]
    pub fn protect(&self, rule: &PruneRule) -> PruneRule {
        let mut rule = rule.clone();
        for site in self.forecaster.sites() {
            if site.protected.is_some() && !rule.protect.contains(&site.id) {
                rule.protect.push(site.id);
            }
        }
        rule
    }

    /// The active heads of a module, by their numbers in the dense module.
    ///
    /// # Errors
    /// The forecaster has no such module.
    pub fn heads_of(&self, module: &ModuleId) -> Result<&[usize], StructureError> {
        self.attention
            .iter()
            .find(|slot| slot.module == *module)
            .map(|slot| slot.heads.as_slice())
            .ok_or_else(|| self.unknown(module))
    }

    /// Number of heads of the dense module.
    ///
    /// # Errors
    /// The forecaster has no such module.
    pub fn dense_heads(&self, module: &ModuleId) -> Result<usize, StructureError> {
        let sites = self.forecaster.sites();
        let site = sites.into_iter().find(|site| site.id == *module);
        site.map(|site| site.heads)
            .ok_or_else(|| self.unknown(module))
    }

    /// The same structure without these modules.
    ///
    /// # Errors
    /// The forecaster has no such module, or its description protects it.
    ///
    /// # Example
    /// ```
    /// use spat_spec::{ForecasterConfig, ITransformerConfig, Structure, Window};
    ///
    /// let config = ITransformerConfig::new(Window::new(96, 24, 7), true);
    /// let dense = Structure::dense(ForecasterConfig::ITransformer(config));
    /// let first: Vec<_> = dense.kept().take(1).cloned().collect();
    /// let pruned = dense.clone().without_modules(&first)?;
    /// assert_eq!(pruned.kept().count(), dense.kept().count() - 1);
    /// # Ok::<(), spat_spec::StructureError>(())
    /// ```
    pub fn without_modules(mut self, modules: &[ModuleId]) -> Result<Self, StructureError> {
        for module in modules {
            self.slot_mut(module)?.heads.clear();
        }
        self.check_removals(&self.forecaster.sites())?;
        Ok(self)
    }

    /// The same structure without these heads (numbers of the dense module).
    ///
    /// # Errors
    /// The forecaster has no such module or head, or its description allows no removal of single heads, or
    /// these are all heads of a module that it protects.
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
        self.check_removals(&self.forecaster.sites())?;
        Ok(self)
    }

    /// Checks the consistency of the fields, after reading a file.
    ///
    /// # Errors
    /// The forecaster has no such modules or heads, or its description protects a module that is removed, or
    /// allows no removal of single heads.
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
        self.check_removals(&sites)
    }

    fn check_removals(&self, sites: &[AttentionSite]) -> Result<(), StructureError> {
        for (slot, site) in self.attention.iter().zip(sites) {
            let module = || site.id.clone();
            match (slot.heads.len(), site.protected, site.indivisible) {
                (0, Some(reason), _) => {
                    let module = module();
                    return Err(StructureError::Protected { module, reason });
                }
                (heads, _, Some(reason)) if heads > 0 && heads < site.heads => {
                    let module = module();
                    return Err(StructureError::Indivisible { module, reason });
                }
                _ => {}
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
