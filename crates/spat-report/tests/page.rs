//! The page is complete, escapes untrusted text, and stays small.
#![allow(clippy::unwrap_used, missing_docs)]

mod fixture;

use fixture::{Example, report};
use spat_report::{figure, html, line_chart, network_drawing, standalone, tables};
use spat_spec::{
    HeadRemoval, LinearCandidate, LossDifference, ModuleId, Report, ScreenedCandidate, Search,
    Select, Trial,
};

const SECTIONS: [&str; 8] = [
    "forecast",
    "scores",
    "maps",
    "training",
    "errors",
    "comparison",
    "data",
    "again",
];

/// Every drawing of a page is well-formed XML, and so is the page's body except for HTML's void elements.
fn check_drawings(page: &str) -> usize {
    let drawings: Vec<&str> = page
        .split("<svg ")
        .skip(1)
        .map(|rest| rest.split_once("</svg>").unwrap().0)
        .collect();
    for drawing in &drawings {
        let file = standalone(&format!("<svg {drawing}</svg>"));
        let tree =
            roxmltree::Document::parse(&file).unwrap_or_else(|error| panic!("{error}\n{file}"));
        let root = tree.root_element();
        assert!(
            root.attribute("aria-label")
                .is_some_and(|label| !label.is_empty())
        );
        assert!(
            root.children()
                .any(|child| child.has_tag_name(("http://www.w3.org/2000/svg", "title")))
        );
        assert!(
            root.children()
                .any(|child| child.has_tag_name(("http://www.w3.org/2000/svg", "desc")))
        );
    }
    drawings.len()
}

fn check_page(page: &str) {
    let main = &page[page.find("<main>").unwrap()..page.find("</main>").unwrap() + "</main>".len()];
    roxmltree::Document::parse(main).unwrap_or_else(|error| panic!("tags do not match: {error}"));
    check_drawings(page);
    for word in [
        "http:",
        "https:",
        "<script",
        "NaN",
        "inf%",
        "javascript:",
        "@import",
        "url(",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(
        page.contains("a reconstruction from the abstract and public digests of arXiv 2505.08768")
    );
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
}

#[test]
fn a_usual_run_has_every_section() {
    let page = html(&report(&Example::default()));
    check_page(&page);
    for section in SECTIONS.iter().chain(["notes"].iter()) {
        assert!(
            page.contains(&format!("<section id=\"{section}\">")),
            "{section}"
        );
    }
    for needed in [
        "spat run ETTh1.csv",
        "2021",
        "8f3a0c5d9e12b764",
        "finetune",
        "12 rows sorted by time.",
    ] {
        assert!(page.contains(needed), "{needed}");
    }
    // Forecasts of three channels, scores, structure, two maps and eight heads of each of two
    // modules, two trainings, one chart of errors.
    assert_eq!(check_drawings(&page), 3 + 1 + 1 + 2 * (2 + 8) + 2 + 1);
}

#[test]
fn foreign_text_is_escaped_everywhere() {
    let mut report = report(&Example::default());
    let foul = "<img src=x onerror=alert(1)>\u{1b}]0;\u{202e}";
    report.data.name = foul.to_owned();
    report.data.channel_names[2] = foul.to_owned();
    report.maps[0].labels[0] = foul.to_owned();
    report.command = foul.to_owned();
    report.notes.push(foul.to_owned());
    report.device.name = foul.to_owned();
    report.version = foul.to_owned();
    report.hash = foul.to_owned();
    report.sample.first_timestamp = Some(foul.to_owned());
    report
        .controls
        .insert(foul.to_owned(), report.controls["dense_finetuned"].clone());
    let naive = report.baselines["naive"].clone();
    report.baselines.insert(foul.to_owned(), naive);
    let page = html(&report);
    check_page(&page);
    assert!(!page.contains("<img") && !page.contains('\u{1b}') && !page.contains('\u{202e}'));
    assert!(
        page.contains("Temp\u{fffd}ratur")
            && page.contains("HUFL &lt;kW&gt; &amp; &quot;load&quot;")
    );
}

#[test]
fn a_linear_model_has_nothing_to_score() {
    let page = html(&report(&Example {
        layers: 0,
        heads: 0,
        ratio: 0.5,
        ..Example::default()
    }));
    check_page(&page);
    assert!(page.contains("DLinear has no attention modules, so there is nothing to score"));
    assert!(!page.contains("<section id=\"maps\">"));
}

#[test]
fn a_run_without_fine_tuning_is_labelled() {
    let page = html(&report(&Example {
        finetune_epochs: 0,
        ..Example::default()
    }));
    check_page(&page);
    assert!(page.contains("The pruned model was not fine-tuned."));
    assert!(!page.contains("Pruned, before fine-tuning"));
}

#[test]
fn one_channel_is_shown_without_a_choice() {
    let page = html(&report(&Example {
        channels: 1,
        ..Example::default()
    }));
    check_page(&page);
    assert!(!page.contains("more-charts\">"));
}

#[test]
fn many_channels_are_counted_and_maps_are_averaged_in_blocks() {
    let page = html(&report(&Example {
        channels: 200,
        ..Example::default()
    }));
    check_page(&page);
    assert!(page.contains("… and 160 more"));
    assert!(page.contains("mean of a block of 4 × 4 positions"));
}

#[test]
fn the_widest_public_set_stays_small() {
    let mut report = report(&Example {
        channels: 862,
        layers: 4,
        heads: 8,
        ..Example::default()
    });
    check_page(&html(&report));
    report.maps.truncate(1);
    assert!(
        html(&report)
            .contains("The maps of 3 modules more are omitted because they are too large.")
    );
}

#[test]
fn figures_that_are_not_finite_become_dashes() {
    let mut report = report(&Example::default());
    report.pruned.test.mse = f64::NAN;
    report.change.mse_percent = f64::INFINITY;
    report.sample.pruned.fill(f32::NAN);
    report.scores[0].value = f64::NAN;
    report.maps[0].sensitivity.fill(f32::NAN);
    report.maps[1].attention.truncate(3);
    report.dense.history[0].val_mse = f64::NAN;
    check_page(&html(&report));
}

#[test]
fn removed_heads_are_shown_where_their_module_stays() {
    let mut report = report(&Example::default());
    let module = ModuleId::encoder(0);
    report.plan.removed_heads = vec![HeadRemoval {
        module: module.clone(),
        heads: vec![1, 3],
    }];
    report.pruned.structure = report
        .pruned
        .structure
        .without_heads(&module, &[1, 3])
        .unwrap();
    let page = html(&report);
    check_page(&page);
    for words in [
        "loses heads 1, 3",
        "1, removed",
        "keeps 2 of 4 heads",
        "1 of its 2 attention modules and 2 attention heads more",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

/// Three candidates, of which the second is chosen, and one loss that is not finite.
fn selected() -> Report {
    let mut report = report(&Example::default());
    let modules: Vec<ModuleId> = (0..2).map(ModuleId::encoder).collect();
    let trial = |removed: &[ModuleId], loss: f64, mean: f64, macs: u64| Trial {
        removed: removed.to_vec(),
        loss,
        accepted: removed.len() == 1,
        macs: Some(macs),
        difference: loss.is_finite().then_some(LossDifference {
            mean,
            error: Some(0.002),
        }),
    };
    report.plan.search = Some(Search {
        select: Select::OneSe,
        below_gap: None,
        gap_spreads: None,
        believed: false,
        origins: 0,
        trials: vec![
            trial(&[], 0.51, 0.0, 9_320_000),
            trial(&modules[1..], 0.5113, 0.0013, 6_400_000),
            trial(&modules, f64::NAN, 0.0, 3_500_000),
        ],
        screened: Vec::new(),
        linear: Vec::new(),
    });
    report
}

/// The chosen candidate has a loss of 0.5113. Linear models are rows and points, and the verdict mentions them unless
/// they are more than one standard error worse.
#[test]
fn linear_models_are_shown_beside_the_candidates() {
    let difference = |mean: f64| {
        Some(LossDifference {
            mean,
            error: Some(0.002),
        })
    };
    let with = |loss: f64| {
        let mut report = selected();
        report.plan.search.as_mut().unwrap().linear = vec![LinearCandidate {
            name: "rlinear".to_owned(),
            loss,
            macs: 32_256,
            difference: difference(loss - 0.51),
            to_chosen: difference(loss - 0.5113),
        }];
        report
    };
    for (loss, words, note) in [
        (0.5, "Validation prefers RLinear", "linear, lower"),
        (
            0.5123,
            "RLinear lies within one standard error",
            "linear, within error",
        ),
        (0.6, "no linear model comes near", "linear"),
    ] {
        let report = with(loss);
        let page = html(&report);
        check_page(&page);
        check_drawings(&page);
        assert!(page.contains(words), "{words}");
        assert!(page.contains("linear models"), "the chart's legend");
        let text = tables(&report);
        assert!(text.contains(note), "{text}");
        assert!(
            text.lines().all(|line| line.chars().count() <= 100),
            "{text}"
        );
        let verdict = spat_report::verdict(&report).lines().join(" ");
        assert_eq!(verdict.contains(words), loss < 0.55, "{verdict}");
    }
    assert!(html(&with(0.5)).contains("−0.0100 ± 0.0020"));
}

#[test]
fn the_candidates_of_a_selection_are_compared() {
    let mut report = selected();
    let page = html(&report);
    check_page(&page);
    let usual = check_drawings(&html(&fixture::report(&Example::default())));
    assert_eq!(check_drawings(&page), usual + 1);
    for words in [
        "Validation error of each candidate",
        "one-standard-error rule",
        "encoder 1",
        "+0.0013 ± 0.0020",
        "6.40 M",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("too many candidates"));
    assert!(!page.contains("Validation prefers"));

    let text = tables(&report);
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
    let line = text.lines().find(|line| line.contains("+0.0013 ± 0.0020"));
    assert!(line.is_some_and(|line| line.contains("encoder 1") && line.ends_with("chosen")));

    let search = report.plan.search.as_mut().unwrap();
    search.screened = search
        .trials
        .iter()
        .map(|trial| ScreenedCandidate {
            removed: trial.removed.clone(),
            loss: trial.loss,
        })
        .collect();
    search.trials.pop();
    let page = html(&report);
    check_page(&page);
    assert!(page.contains("There were too many candidates"));
    assert_eq!(page.matches("<td>fine-tuned</td>").count(), 2);
}

#[test]
fn drawings_are_valid_files() {
    let example = report(&Example {
        layers: 8,
        heads: 16,
        ratio: 0.4,
        ..Example::default()
    });
    let svg = network_drawing(&example.pruned.structure);
    assert!(svg.contains("3 of 8 attention modules are removed"));
    check_drawings(&svg);
    let empty = spat_report::LineChart {
        title: "nothing".to_owned(),
        ..Default::default()
    };
    check_drawings(&line_chart(&empty));
    assert!(figure(&line_chart(&empty), "none", &empty.table()).contains("<details>"));
}

/// Writes example pages: run `cargo test -p spat-report -- --ignored` and open the printed paths.
#[test]
#[ignore = "for eyes"]
#[allow(clippy::print_stdout)]
fn write_example_pages() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let examples = [
        (
            "usual",
            Example {
                channels: 7,
                heads: 8,
                ..Example::default()
            },
        ),
        (
            "deep",
            Example {
                channels: 40,
                layers: 8,
                heads: 8,
                ratio: 0.4,
                ..Example::default()
            },
        ),
        (
            "linear",
            Example {
                layers: 0,
                heads: 0,
                ..Example::default()
            },
        ),
        (
            "wide",
            Example {
                channels: 200,
                finetune_epochs: 0,
                ..Example::default()
            },
        ),
    ];
    for (name, example) in examples {
        let report = report(&example);
        let path = folder.join(format!("{name}.html"));
        let page = html(&report);
        std::fs::write(&path, &page).unwrap();
        println!(
            "{} {} bytes\n{}",
            path.display(),
            page.len(),
            spat_report::tables(&report)
        );
    }
}
