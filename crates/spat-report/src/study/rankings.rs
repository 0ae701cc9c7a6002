//! SEND compared with the baseline scorers and its own variants.

use spat_spec::{DepthReport, RankingReport, Spread};

use super::{difference, places, spread, tau};
use crate::{
    chart::{Bar, BarChart, bar_chart, figure},
    number,
    page::aside,
    table::Table,
};

pub(super) fn section(depth: &DepthReport) -> String {
    let mut out = String::new();
    if !depth.rankings.is_empty() {
        out += "<h3>SEND and baseline scorers</h3>";
        out += &aside(
            "Tau is Kendall's agreement with the harm that removing each module alone does after fine-tuning: 1 agrees, 0 is chance, −1 is the reverse.",
        );
        out += &chart(depth, &depth.rankings, "SEND and baseline scorers");
        out += &table(depth, &depth.rankings).html();
    }
    if !depth.options.is_empty() {
        out += "<h3>SEND with other options</h3>";
        out += &chart(depth, &depth.options, "SEND with other options");
        out += &table(depth, &depth.options).html();
    }
    out
}

/// The cost of following a ranking: regret where the best choice is known, otherwise the rise of the test
/// error over the dense model fine-tuned as long.
fn price(depth: &DepthReport, ranking: &RankingReport) -> Option<Spread> {
    if let Some(regret) = &ranking.regret {
        return Some(regret.clone());
    }
    let pick = ranking.picks.first()?;
    let control = &depth.dense_finetuned.test.values;
    Some(
        pick.test
            .values
            .iter()
            .zip(control)
            .map(|(test, control)| test - control)
            .collect(),
    )
}

fn chart(depth: &DepthReport, rankings: &[RankingReport], title: &str) -> String {
    let known = rankings.iter().any(|ranking| ranking.regret.is_some());
    let mut priced: Vec<(String, Spread, bool)> = rankings
        .iter()
        .enumerate()
        .filter_map(|(place, ranking)| {
            Some((ranking.name.clone(), price(depth, ranking)?, place == 0))
        })
        .collect();
    if known && let Some(random) = depth.random_regret() {
        priced.push(("random choice".to_owned(), random, false));
    }
    priced.sort_by(|a, b| a.1.mean.total_cmp(&b.1.mean));
    if priced.is_empty() {
        return String::new();
    }
    let label = format!(
        "{} above {}",
        depth.measure.test(),
        if known {
            "the best subset of the same size"
        } else {
            "the dense model fine-tuned as long"
        }
    );
    let chart = BarChart {
        title: format!("{title}, {} modules", depth.module_count),
        description: format!("{label}, mean over seeds, lowest first"),
        value_label: label.clone(),
        part_label: "seed".to_owned(),
        bars: priced
            .into_iter()
            .map(|(label, price, own)| Bar {
                label,
                value: price.mean,
                spread: price.sd,
                parts: price.values,
                removed: false,
                note: if own { "← as studied" } else { "" }.to_owned(),
                module: String::new(),
            })
            .collect(),
        ..BarChart::default()
    };
    let caption =
        format!("{label}; lower is better. Whiskers are one deviation over seeds, dots are seeds.");
    figure(&bar_chart(&chart), &caption, &chart.table())
}

pub(super) fn table(depth: &DepthReport, rankings: &[RankingReport]) -> Table {
    let counts: Vec<usize> = rankings
        .first()
        .map(|first| first.picks.iter().map(|pick| pick.count).collect())
        .unwrap_or_default();
    let heads = [
        "",
        "tau, validation",
        "tau, test",
        "tau with SEND",
        "regret",
        "regret against SEND's",
        "p",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(
        counts
            .iter()
            .map(|count| format!("{}, {count} removed", depth.measure.test())),
    )
    .chain(["removed, by seed".to_owned()]);
    let mut table = Table::new("", heads);
    for ranking in rankings {
        let against = ranking.against_send.as_ref();
        let cells = [
            format!("{} ({})", ranking.name, ranking.title),
            tau(ranking.tau_val.as_ref()),
            tau(ranking.tau_test.as_ref()),
            tau(ranking.tau_send.as_ref()),
            ranking.regret.as_ref().map_or_else(String::new, spread),
            against.map_or_else(String::new, difference),
            against.map_or_else(String::new, |test| format!("{:.2}", test.p_permutation)),
        ];
        let tests = ranking.picks.iter().map(|pick| spread(&pick.test));
        let middle = ranking.picks.get(ranking.picks.len() / 2);
        let removed = middle.map_or_else(String::new, |pick| {
            let each: Vec<String> = pick.removed.iter().map(|removed| places(removed)).collect();
            each.join(" · ")
        });
        table.row(cells.into_iter().chain(tests).chain([removed]));
    }
    for pick in &depth.random {
        if depth.random.len() != counts.len() || pick.count != counts[0] {
            continue;
        }
        let tests = depth.random.iter().map(|pick| spread(&pick.test));
        let random = depth.random_regret();
        let draws = if pick.exhaustive {
            "every choice".to_owned()
        } else {
            number::plural(pick.draws, "draw")
        };
        let empty = || String::new();
        table.row(
            [
                format!("random choice ({draws})"),
                empty(),
                empty(),
                empty(),
                random.as_ref().map_or_else(String::new, spread),
                empty(),
                empty(),
            ]
            .into_iter()
            .chain(tests)
            .chain([empty()]),
        );
    }
    table
}
