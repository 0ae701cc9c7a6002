//! Results for models of one depth.

use spat_spec::{DepthReport, DepthTimings, ErrorSpread, PairedTest, PointTiming, Spread};

use super::{difference, finetuning, places, rankings, spread, tau};
use crate::{
    chart::{
        Hue, LineChart, LineSeries, ScatterChart, ScatterGroup, ScatterPoint, Stroke, figure,
        line_chart, scatter_chart,
    },
    names, number,
    page::{aside, section as wrap},
    table::Table,
};

pub(super) fn section(depth: &DepthReport, times: Option<&DepthTimings>) -> String {
    let mut body = errors(depth).html();
    body += &aside(
        "Differences have a 95 % interval over seeds; p is the p-value of the sign-flip permutation test.",
    );
    body += &sweep(depth);
    if !depth.sweep.is_empty() {
        body += &controls(depth, times).html();
    }
    body += &costs(depth, times);
    body += &rankings::section(depth);
    body += &others(depth);
    for (_, table) in finetuning::tables(depth) {
        body += &table.html();
    }
    body += &stability(depth);
    body += &uniformity(depth);
    body += &subsets(depth);
    let heading = number::plural(depth.module_count, "module");
    wrap(&format!("layers-{}", depth.module_count), &heading, &body)
}

pub(super) fn errors(depth: &DepthReport) -> Table {
    let mut table = Table::new(
        "Errors",
        [
            String::new(),
            depth.measure.test().to_owned(),
            depth.measure.beside().to_owned(),
            depth.measure.validation().to_owned(),
            format!("{} against dense, fine-tuned", depth.measure.test()),
            "p".to_owned(),
        ],
    );
    let mut row = |label: String, errors: &ErrorSpread, test: Option<&PairedTest>| {
        table.row([
            label,
            spread(&errors.test),
            spread(&errors.test_mae),
            spread(&errors.val),
            test.map_or_else(String::new, difference),
            test.map_or_else(String::new, |test| format!("{:.2}", test.p_permutation)),
        ]);
    };
    row("dense".to_owned(), &depth.dense, None);
    row("dense, fine-tuned".to_owned(), &depth.dense_finetuned, None);
    for point in depth.sweep.iter().filter(|point| point.count > 0) {
        row(
            format!("{} removed by SEND, fine-tuned", point.count),
            &point.tuned,
            Some(&point.against_dense_finetuned),
        );
    }
    table
}

/// The effect of the removal alone, of new weights, and the savings.
pub(super) fn controls(depth: &DepthReport, times: Option<&DepthTimings>) -> Table {
    let mut table = Table::new(
        "Controls and cost",
        [
            "removed by SEND",
            "before fine-tuning",
            "from new weights",
            "fine-tuned against new weights",
            "p",
            "parameters",
            "MACs",
            "step, ms",
            "inference, ms",
        ],
    );
    for point in &depth.sweep {
        let test = point.against_scratch.as_ref();
        let times = times.map_or(&[][..], |times| &times.points);
        let time = |figure: fn(&PointTiming) -> f64| {
            let here = times.iter().find(|time| time.count == point.count);
            here.map_or_else(String::new, |here| number::millis(figure(here)))
        };
        table.row([
            point.count.to_string(),
            spread(&point.cut_test),
            point.scratch_test.as_ref().map_or_else(String::new, spread),
            test.map_or_else(String::new, difference),
            test.map_or_else(String::new, |test| format!("{:.2}", test.p_permutation)),
            number::short(point.tuned.params),
            number::short(point.tuned.macs),
            time(|time| time.step_ms),
            time(|time| time.infer_ms),
        ]);
    }
    table
}

fn sweep(depth: &DepthReport) -> String {
    if depth.sweep.is_empty() {
        return String::new();
    }
    let line = |label: &str, hue: Hue, points: Vec<(usize, &Spread)>| {
        let mut series = LineSeries::new(
            label,
            hue,
            points
                .iter()
                .map(|(count, spread)| (*count as f64, spread.mean))
                .collect(),
        );
        series.band = points
            .iter()
            .map(|(count, s)| (*count as f64, s.mean - s.sd, s.mean + s.sd))
            .collect();
        series
    };
    let dense: Vec<(usize, &Spread)> = depth
        .sweep
        .iter()
        .map(|point| (point.count, &depth.dense_finetuned.test))
        .collect();
    let mut control = line("dense, fine-tuned", Hue::Blue, dense).stroke(Stroke::Dashed);
    control.band.clear();
    let mut series = vec![control];
    let scratch: Vec<(usize, &Spread)> = depth
        .sweep
        .iter()
        .filter_map(|point| Some((point.count, point.scratch_test.as_ref()?)))
        .collect();
    if !scratch.is_empty() {
        let mut scratch = line("from new weights", Hue::Green, scratch).stroke(Stroke::Dotted);
        scratch.band.clear();
        series.push(scratch);
    }
    let random: Vec<(usize, &Spread)> = depth
        .random
        .iter()
        .map(|pick| (pick.count, &pick.test))
        .collect();
    if !random.is_empty() {
        let mut random = line("random choice", Hue::Grey, random);
        random.band.clear();
        series.push(random);
    }
    let best = best_subsets(depth);
    if !best.is_empty() {
        let mut best = LineSeries::new("best in hindsight", Hue::Purple, best);
        best.stroke = Stroke::Dashed;
        series.push(best);
    }
    let tuned: Vec<(usize, &Spread)> = depth
        .sweep
        .iter()
        .map(|point| (point.count, &point.tuned.test))
        .collect();
    series.push(line("SEND, fine-tuned", Hue::Vermillion, tuned));
    let chart = LineChart {
        title: format!(
            "{} by number of modules removed, {} modules",
            names::capital(depth.measure.test()),
            depth.module_count
        ),
        description: "Means over seeds; the band is one deviation.".to_owned(),
        x_label: "modules removed".to_owned(),
        y_label: format!("{}, {}", depth.measure.test(), depth.measure.unit()),
        series,
        ..LineChart::default()
    };
    figure(
        &line_chart(&chart),
        "Means over seeds; the band around SEND is one deviation. The best in hindsight is chosen on test data, for each seed.",
        &chart.table(),
    )
}

/// Mean over seeds of the best subset's error, by size.
fn best_subsets(depth: &DepthReport) -> Vec<(f64, f64)> {
    let seeds = depth
        .subsets
        .first()
        .map_or(0, |subset| subset.test.values.len());
    if seeds == 0 {
        return Vec::new();
    }
    let of_size = |size: usize| {
        let lowest = (0..seeds).map(|seed| {
            let of_seed = depth
                .subsets
                .iter()
                .filter(|subset| subset.removed.len() == size);
            of_seed
                .map(|subset| subset.test.values[seed])
                .fold(f64::INFINITY, f64::min)
        });
        (size as f64, lowest.sum::<f64>() / seeds as f64)
    };
    (0..=depth.module_count).map(of_size).collect()
}

/// Error over MACs, and over milliseconds if they were measured.
fn costs(depth: &DepthReport, times: Option<&DepthTimings>) -> String {
    if depth.sweep.is_empty() {
        return String::new();
    }
    let chart = |what: &str, x_label: &str, cost: &dyn Fn(usize, u64) -> Option<f64>| {
        let place = |count: usize, macs: u64, test: &Spread| {
            cost(count, macs).map(|x| ScatterPoint {
                x,
                y: test.mean,
                spread: test.sd,
                label: count.to_string(),
            })
        };
        let points: Vec<ScatterPoint> = depth
            .sweep
            .iter()
            .filter_map(|point| place(point.count, point.tuned.macs, &point.tuned.test))
            .collect();
        let dense = place(0, depth.dense.macs, &depth.dense.test);
        ScatterChart {
            title: format!(
                "{} against {what}, {} modules",
                names::capital(depth.measure.test()),
                depth.module_count
            ),
            description: "One point per number of modules removed, with one deviation over seeds."
                .to_owned(),
            x_label: x_label.to_owned(),
            y_label: format!("{}, {}", depth.measure.test(), depth.measure.unit()),
            groups: vec![
                ScatterGroup {
                    label: "dense".to_owned(),
                    hue: Hue::Blue,
                    points: dense
                        .into_iter()
                        .map(|point| ScatterPoint {
                            label: String::new(),
                            ..point
                        })
                        .collect(),
                    joined: false,
                },
                ScatterGroup {
                    label: "removed by SEND, fine-tuned".to_owned(),
                    hue: Hue::Vermillion,
                    points,
                    joined: true,
                },
            ],
            width: 450.0,
            height: 300.0,
        }
    };
    let macs = chart(
        "MACs",
        &format!("MACs of one {}, millions", depth.measure.sample()),
        &|_, macs| Some(macs as f64 / 1e6),
    );
    let front: Vec<String> = depth
        .sweep
        .iter()
        .filter(|point| point.on_front)
        .map(|point| point.count.to_string())
        .collect();
    let caption = format!(
        "Numbers are modules removed. On the Pareto front (cheaper in MACs or better than every other) are {}.",
        front.join(", ")
    );
    let mut out = figure(&scatter_chart(&macs), &caption, &macs.table());
    if let Some(times) = times {
        let clock = chart("time", "inference of one batch, ms", &|count, _| {
            let point = times.points.iter().find(|point| point.count == count);
            point.map(|point| point.infer_ms)
        });
        out += &figure(
            &scatter_chart(&clock),
            "The same by measured time; not part of study.json.",
            &clock.table(),
        );
    }
    format!("<div class=\"pair\">{out}</div>")
}

fn others(depth: &DepthReport) -> String {
    let mut out = String::new();
    if !depth.iterative.is_empty() {
        let mut table = Table::new(
            "One at a time against at once",
            [
                "removed",
                "one at a time",
                "at once",
                "difference",
                "p",
                "epochs",
                "same modules",
            ],
        );
        for point in &depth.iterative {
            table.row([
                point.count.to_string(),
                spread(&point.iterative),
                spread(&point.one_shot),
                difference(&point.paired),
                format!("{:.2}", point.paired.p_permutation),
                point.epochs.to_string(),
                format!("{} of {}", point.same, point.paired.pairs),
            ]);
        }
        out += &table.html();
    }
    if !depth.heads.is_empty() {
        let mut table = Table::new(
            "Heads against modules at equal MACs",
            [
                "",
                "by module",
                "by head",
                "random heads",
                "heads − modules",
                "p",
                "MACs",
                "MACs by head",
            ],
        );
        for point in &depth.heads {
            table.row([
                format!("{} modules or {} heads", point.modules, point.heads),
                spread(&point.by_module),
                spread(&point.by_head),
                spread(&point.by_random_head),
                difference(&point.paired),
                format!("{:.2}", point.paired.p_permutation),
                number::short(point.module_macs),
                number::short(point.head_macs.round() as u64),
            ]);
        }
        out += &table.html();
    }
    if !depth.adaptive.is_empty() {
        let mut table = Table::new(
            "Rules that choose the number themselves",
            [
                "",
                "removed, by seed",
                depth.measure.test(),
                "above the best fixed number",
                "fine-tunings to decide",
            ],
        );
        for result in &depth.adaptive {
            table.row([
                result.title.clone(),
                places(&result.counts),
                spread(&result.test),
                spread(&result.regret),
                format!("{:.1}", result.trainings.mean),
            ]);
        }
        out += &table.html();
        let mut table = Table::new(
            "Those rules against every fixed number",
            ["", "removed by SEND", "difference", "p"],
        );
        for result in &depth.adaptive {
            for (count, test) in &result.against_fixed {
                table.row([
                    result.rule.clone(),
                    count.to_string(),
                    difference(test),
                    format!("{:.2}", test.p_permutation),
                ]);
            }
        }
        out += &table.html();
    }
    out
}

fn stability(depth: &DepthReport) -> String {
    let Some(stability) = &depth.stability else {
        return String::new();
    };
    let mut table = Table::new(
        "Kendall's tau of SEND's order with itself",
        ["", "tau", "95 % bootstrap interval of the mean"],
    );
    let interval = |(low, high): (f64, f64)| format!("{low:.2} to {high:.2}").replace('-', "−");
    table.row([
        "between groups of batches".to_owned(),
        tau(Some(&stability.batches)),
        interval(stability.batches_interval),
    ]);
    if !stability.seeds.values.is_empty() {
        table.row([
            "between seeds".to_owned(),
            tau(Some(&stability.seeds)),
            interval(stability.seeds_interval),
        ]);
    }
    for (epoch, agreement) in stability.epochs.iter().enumerate() {
        table.row([
            format!("epoch {} with the last", epoch + 1),
            tau(Some(agreement)),
            String::new(),
        ]);
    }
    table.html()
}

fn uniformity(depth: &DepthReport) -> String {
    let Some(uniformity) = &depth.uniformity else {
        return String::new();
    };
    let points = uniformity
        .points
        .iter()
        .map(|&(send, entropy)| ScatterPoint {
            x: entropy,
            y: send,
            spread: 0.0,
            label: String::new(),
        });
    let chart = ScatterChart {
        title: format!(
            "SEND against attention entropy, {} modules",
            depth.module_count
        ),
        description: "One point per module and seed.".to_owned(),
        x_label: "entropy, 1 is uniform attention".to_owned(),
        y_label: "SEND, share of the model's largest".to_owned(),
        groups: vec![ScatterGroup {
            label: "modules of all seeds".to_owned(),
            hue: Hue::Vermillion,
            points: points.collect(),
            joined: false,
        }],
        width: 450.0,
        height: 300.0,
    };
    let caption = format!(
        "Kendall's tau within a model {}. The method expects low scores at the right.",
        tau(Some(&uniformity.tau))
    );
    figure(&scatter_chart(&chart), &caption, &chart.table())
}

fn subsets(depth: &DepthReport) -> String {
    if depth.subsets.is_empty() {
        return String::new();
    }
    let mut table = Table::new(
        "",
        ["removed", depth.measure.validation(), depth.measure.test()],
    );
    for subset in &depth.subsets {
        table.row([
            places(&subset.removed),
            spread(&subset.val),
            spread(&subset.test),
        ]);
    }
    format!(
        "<details><summary>Every subset, fine-tuned</summary>{}{}</details>",
        aside("Modules are numbered from the input, counted from 0."),
        table.html()
    )
}
