//! Dense, pruned by several scorers, and fine-tuned, outside forecasting: prints the tables of
//! `docs/domains.md`.
//!
//! `cargo run --release -p spat-domains --example domains -- [SEEDS]`
#![allow(clippy::print_stdout, reason = "an example's output is what it is for")]

use spat_domains::{Domain, DomainConfig, DomainReport, DomainResult, compare};
use spat_spec::Scorer;

const SCORERS: [Scorer; 8] = [
    Scorer::Send,
    Scorer::SensitivitySum,
    Scorer::Michel,
    Scorer::Entropy,
    Scorer::Random,
    Scorer::First,
    Scorer::Last,
    Scorer::LeaveOneOut,
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seeds = std::env::args()
        .nth(1)
        .and_then(|argument| argument.parse().ok())
        .unwrap_or(3_u64);
    for domain in [Domain::Text, Domain::Images] {
        let mut by_seed = Vec::new();
        for seed in 0..seeds {
            let config = DomainConfig::small(domain, seed);
            by_seed.push(pollster::block_on(compare(&config, &SCORERS))?);
        }
        table(domain, &by_seed);
    }
    Ok(())
}

fn table(domain: Domain, by_seed: &[Vec<DomainReport>]) {
    let Some(first) = by_seed.first().and_then(|reports| reports.first()) else {
        return;
    };
    println!("\n### {domain:?}\n");
    println!("Guessing costs {:.3} nats.", first.chance_loss);
    if let Some(best) = first.best_loss {
        println!("Nobody can do better than {best:.3} (first seed).");
    }
    println!("\n| model | removed | loss | accuracy | far | parameters | MACs |");
    println!("|---|---|---|---|---|---|---|");
    line("dense", "", by_seed, 0, |report| &report.dense);
    line("dense, trained on", "", by_seed, 0, |report| {
        &report.dense_finetuned
    });
    for (place, scorer) in SCORERS.iter().enumerate() {
        let removed: Vec<String> = by_seed
            .iter()
            .map(|reports| {
                let names = reports[place].plan.removed.iter();
                let mut layers: Vec<&str> = names
                    .filter_map(|module| module.as_str().split('.').nth(1))
                    .collect();
                layers.sort_unstable();
                layers.join("+")
            })
            .collect();
        let removed = removed.join(", ");
        line(scorer.name(), &removed, by_seed, place, |report| {
            &report.pruned_finetuned
        });
    }
}

fn line(
    name: &str,
    removed: &str,
    by_seed: &[Vec<DomainReport>],
    place: usize,
    of: impl Fn(&DomainReport) -> &DomainResult,
) {
    let results: Vec<&DomainResult> = by_seed.iter().map(|reports| of(&reports[place])).collect();
    let spread = |value: &dyn Fn(&DomainResult) -> f64, digits: usize| {
        let values: Vec<f64> = results.iter().map(|result| value(result)).collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (squares / (count - 1.0).max(1.0)).sqrt();
        format!("{mean:.digits$} ± {deviation:.digits$}")
    };
    let far = match results
        .iter()
        .all(|result| result.telling_accuracy.is_some())
    {
        true => spread(&|result| result.telling_accuracy.unwrap_or(f64::NAN), 3),
        false => String::new(),
    };
    println!(
        "| {name} | {removed} | {} | {} | {far} | {} | {} |",
        spread(&|result| result.loss, 4),
        spread(&|result| result.accuracy, 3),
        results[0].params,
        results[0].macs
    );
}
