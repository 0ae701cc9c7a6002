//! Rankings by score, least important first, and how many of them a rule removes.

use crate::{Granularity, ModuleId, PlanError, PruneRule, Scope, Score, Structure};

/// Checks that the scores can be ranked.
pub(crate) fn check(scores: &[Score], rule: &PruneRule) -> Result<(), PlanError> {
    if !(0.0..=1.0).contains(&rule.ratio) {
        return Err(PlanError::Ratio(rule.ratio));
    }
    for score in scores {
        let values = std::iter::once(&score.value).chain(&score.heads);
        if let Some(&value) = values.clone().find(|value| !value.is_finite()) {
            return Err(PlanError::NotFinite {
                module: score.module.clone(),
                value,
            });
        }
    }
    match rule
        .protect
        .iter()
        .find(|module| scores.iter().all(|score| score.module != **module))
    {
        Some(module) => Err(PlanError::UnknownProtected(module.clone())),
        None => Ok(()),
    }
}

/// Heads of a block that may be removed, least important first.
pub(crate) fn heads_by_score(
    scorer: &str,
    block: &[(usize, &Score)],
    rule: &PruneRule,
    dense: &Structure,
) -> Result<Vec<(ModuleId, usize)>, PlanError> {
    let mut candidates = Vec::new();
    for (place, score) in block {
        let active = dense.heads_of(&score.module)?;
        if active.len() != score.heads.len() {
            return Err(PlanError::NoHeadScores {
                scorer: scorer.to_owned(),
                module: score.module.clone(),
                found: score.heads.len(),
                heads: active.len(),
            });
        }
        if !rule.protect.contains(&score.module) {
            let heads = active.iter().zip(&score.heads);
            candidates.extend(heads.map(|(&head, &value)| (*place, head, value, score)));
        }
    }
    candidates.sort_by(|a, b| a.2.total_cmp(&b.2).then(b.0.cmp(&a.0)).then(b.1.cmp(&a.1)));
    Ok(candidates
        .into_iter()
        .map(|(_, head, _, score)| (score.module.clone(), head))
        .collect())
}

/// How many of the ranked heads are removed.
pub(crate) fn head_count(
    block: &[(usize, &Score)],
    ranked: &[(ModuleId, usize)],
    rule: &PruneRule,
    dense: &Structure,
) -> Result<usize, PlanError> {
    if rule.granularity != Granularity::HeadsAtEqualMacs {
        let mut heads = 0;
        for (_, score) in block {
            heads += dense.heads_of(&score.module)?.len();
        }
        return Ok(rule.count(heads).min(ranked.len()));
    }
    let target = dense
        .clone()
        .without_modules(&lowest(block, rule))?
        .cost()
        .macs;
    let mut left = dense.clone();
    for (count, (module, head)) in ranked.iter().enumerate() {
        if left.cost().macs <= target {
            return Ok(count);
        }
        left = left.without_heads(module, &[*head])?;
    }
    Ok(ranked.len())
}

pub(crate) fn blocks(scores: &[Score], scope: Scope) -> Vec<Vec<(usize, &Score)>> {
    let mut blocks: Vec<(&str, Vec<(usize, &Score)>)> = Vec::new();
    for (place, score) in scores.iter().enumerate() {
        let name = match scope {
            Scope::Global => "",
            Scope::PerBlock => score.module.block(),
        };
        match blocks.iter_mut().find(|(known, _)| *known == name) {
            Some((_, members)) => members.push((place, score)),
            None => blocks.push((name, vec![(place, score)])),
        }
    }
    blocks.into_iter().map(|(_, members)| members).collect()
}

pub(crate) fn lowest(block: &[(usize, &Score)], rule: &PruneRule) -> Vec<ModuleId> {
    let mut candidates: Vec<_> = block
        .iter()
        .filter(|(_, score)| !rule.protect.contains(&score.module))
        .collect();
    candidates.sort_by(|(place_a, a), (place_b, b)| {
        a.value.total_cmp(&b.value).then(place_b.cmp(place_a))
    });
    candidates
        .into_iter()
        .take(rule.count(block.len()))
        .map(|(_, score)| score.module.clone())
        .collect()
}
