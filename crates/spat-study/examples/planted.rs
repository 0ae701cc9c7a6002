//! Does SEND find planted needless modules? Trains `spat_domains::planted` with several seeds, and
//! prints each way of scoring with Kendall's τ between its order and the planted one.
//!
//! `cargo run --release -p spat-study --example planted -- [STEPS] [SEEDS] [--values]`
#![allow(clippy::print_stdout, reason = "an example's output is what it is for")]

use spat_domains::planted::{PlantedConfig, PlantedReport, TRUTH, run};
use spat_spec::Score;
use spat_study::statistics::kendall_tau;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let with_values = std::env::args().any(|argument| argument == "--values");
    let default = PlantedConfig::default();
    let steps = numbers.first().copied().unwrap_or(default.steps);
    let seeds = numbers.get(1).copied().unwrap_or(3);
    let mut reports = Vec::new();
    for seed in 0..seeds as u64 {
        let config = PlantedConfig {
            steps,
            seed,
            ..default
        };
        let report = pollster::block_on(run(&config))?;
        println!(
            "seed {seed}: loss {:.4} (without attention {:.2}, best {:.2})",
            report.loss, report.loss_without_attention, report.best_loss
        );
        reports.push(report);
    }
    println!("\n| way of scoring | τ by seed | mean τ |\n|---|---|---|");
    line("leave-one-out", &reports, with_values, |report| {
        Some(&report.leave_one_out)
    });
    let names: Vec<String> = reports
        .first()
        .map(|report| report.scores.iter().map(|s| s.name.clone()).collect())
        .unwrap_or_default();
    for name in names {
        line(&name, &reports, with_values, |report| report.of(&name));
    }
    Ok(())
}

fn line<'a>(
    name: &str,
    reports: &'a [PlantedReport],
    with_values: bool,
    scores: impl Fn(&'a PlantedReport) -> Option<&'a [Score]>,
) {
    let mut taus = Vec::new();
    let mut values = String::new();
    for report in reports {
        let found: Vec<f64> = scores(report)
            .unwrap_or_default()
            .iter()
            .map(|score| score.value)
            .collect();
        // Scores that are all alike order nothing.
        taus.push(kendall_tau(&TRUTH, &found).unwrap_or(0.0));
        if with_values {
            let found: Vec<String> = found.iter().map(|value| format!("{value:.2e}")).collect();
            values += &format!(" {} ;", found.join(" "));
        }
    }
    let mean = taus.iter().sum::<f64>() / taus.len().max(1) as f64;
    let by_seed: Vec<String> = taus.iter().map(|tau| format!("{tau:.2}")).collect();
    println!("| {name} | {} | {mean:.2} |{values}", by_seed.join(" "));
}
