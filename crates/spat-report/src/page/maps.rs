//! Attention and sensitivity maps of each module.

use spat_spec::{ModuleId, ModuleMaps, Report};

use super::{aside, section as wrap};
use crate::{
    chart::{HeatMap, Palette, figure, heat_map},
    escape::escape,
    names, number,
};

/// Maximum number of cells per edge.
const MOST_TOKENS: usize = 64;

/// Total pixels of all small maps of heads, which bounds the size of the page.
const HEAD_PIXELS: usize = 500_000;

pub(super) fn section(report: &Report) -> String {
    if report.maps.is_empty() {
        return String::new();
    }
    let heads: usize = report.maps.iter().map(|maps| 2 * maps.heads).sum();
    let most = (HEAD_PIXELS as f64 / heads.max(1) as f64).sqrt() as usize;
    let most = most.clamp(8, MOST_TOKENS);
    let mut body = aside(
        "Of the dense model, over one batch of training windows. Rows are queries, columns are keys. Attention is a mean; \
         sensitivity is attention times the gradient of the loss, summed over the batch, so orange connections raise \
         the loss when strengthened and blue ones lower it. Entropy is that of the attention rows as a share of its \
         largest value, 1 where a module looks everywhere alike.",
    );
    for maps in &report.maps {
        body += &module(report, maps, most);
    }
    let modules = report.dense.structure.attention.iter();
    let is_shown = |module: &ModuleId| {
        let mut maps = report.maps.iter();
        maps.any(|maps| maps.module.module() == *module)
    };
    let without = modules.filter(|slot| !is_shown(&slot.module)).count();
    if without > 0 {
        body += &aside(&format!(
            "The maps of {} more are omitted because they are too large.",
            number::plural(without, "module")
        ));
    }
    wrap("maps", "Attention and sensitivity", &body)
}

fn module(report: &Report, maps: &ModuleMaps, most_in_heads: usize) -> String {
    let id = maps.module.module();
    let fate = if report.plan.removed.contains(&id) {
        "removed"
    } else {
        "kept"
    };
    let score = report.scores.iter().find(|score| score.module == id);
    let score = score.map_or_else(String::new, |score| {
        format!(
            "<div><dt>{}</dt><dd>{}</dd></div>",
            names::score_label(report.experiment.scorer),
            number::value(score.value)
        )
    });
    let facts = format!(
        "<dl class=\"facts\"><div><dt>Decision</dt><dd>{fate}</dd></div>{score}<div><dt>Entropy</dt><dd>{} \
         <span class=\"meter\" aria-hidden=\"true\"><span style=\"width:{:.0}%\"></span></span></dd></div></dl>",
        number::tick(maps.entropy, 0.01),
        if maps.entropy.is_finite() {
            maps.entropy.clamp(0.0, 1.0) * 100.0
        } else {
            0.0
        },
    );
    let attention = Kind {
        name: "Attention",
        values: &maps.attention,
        palette: Palette::Sequential,
    };
    let sensitivity = Kind {
        name: "Sensitivity",
        values: &maps.sensitivity,
        palette: Palette::Diverging,
    };
    format!(
        "<article class=\"module\"><h3>{} <code>{}</code></h3>{facts}<div class=\"maps\">{}{}</div>{}</article>",
        escape(&names::heading(&maps.module)),
        escape(maps.module.as_str()),
        mean_figure(maps, &attention),
        mean_figure(maps, &sensitivity),
        thumbnails(report, maps, &[attention, sensitivity], most_in_heads),
    )
}

struct Kind<'a> {
    name: &'static str,
    values: &'a [f32],
    palette: Palette,
}

impl Kind<'_> {
    /// The map of one head.
    fn head(&self, maps: &ModuleMaps, head: usize) -> HeatMap {
        let size = maps.queries * maps.keys;
        let values = self
            .values
            .iter()
            .skip(head * size)
            .take(size)
            .map(|&value| f64::from(value))
            .collect();
        self.map(
            maps,
            format!(
                "{}, {}, head {head}",
                self.name,
                names::module(&maps.module)
            ),
            values,
        )
    }

    /// The mean over heads.
    fn mean(&self, maps: &ModuleMaps) -> HeatMap {
        let size = (maps.queries * maps.keys).max(1);
        let mut values = vec![0.0; size];
        for head in self.values.chunks(size).take(maps.heads) {
            for (sum, &value) in values.iter_mut().zip(head) {
                *sum += f64::from(value) / maps.heads as f64;
            }
        }
        self.map(
            maps,
            format!("{}, {}", self.name, names::module(&maps.module)),
            values,
        )
    }

    fn map(&self, maps: &ModuleMaps, title: String, values: Vec<f64>) -> HeatMap {
        HeatMap {
            description: format!(
                "A map of {} query rows and {} key columns.",
                maps.queries, maps.keys
            ),
            title,
            rows: maps.queries,
            columns: maps.keys,
            values,
            row_labels: maps.row_labels().to_vec(),
            column_labels: maps.labels.clone(),
            row_title: "query".to_owned(),
            column_title: "key".to_owned(),
            palette: self.palette,
            reach: None,
            side: 285.0,
            bare: false,
        }
    }
}

fn mean_figure(maps: &ModuleMaps, kind: &Kind<'_>) -> String {
    let whole = kind.mean(maps);
    let (map, (tall, wide)) = whole.downsampled(MOST_TOKENS);
    let blocks = if (tall, wide) == (1, 1) {
        String::new()
    } else {
        format!(" Each cell is the mean of a block of {tall} × {wide} positions.")
    };
    let heads = number::plural(maps.heads, "head");
    figure(
        &heat_map(&map),
        &format!("{}, mean of {heads}.{blocks}", kind.name),
        &whole.table(),
    )
}

fn thumbnails(report: &Report, maps: &ModuleMaps, kinds: &[Kind<'_>], most: usize) -> String {
    if maps.heads < 2 {
        return String::new();
    }
    let gone = report
        .plan
        .removed_heads
        .iter()
        .find(|removal| removal.module == maps.module.module());
    let mut out = String::from("<div class=\"heads\">");
    for kind in kinds {
        let all: Vec<HeatMap> = (0..maps.heads)
            .map(|head| kind.head(maps, head).downsampled(most).0)
            .collect();
        // One scale for all heads of a module, so that they are comparable.
        let reach = all
            .iter()
            .map(|map| kind.palette.reach(&map.values))
            .fold(0.0, f64::max);
        out += &format!(
            "<div class=\"strip\"><span class=\"strip-name\">{} by head</span>",
            kind.name
        );
        for (head, map) in all.into_iter().enumerate() {
            let removed = gone.is_some_and(|removal| removal.heads.contains(&head));
            out += &format!(
                "<div{}>{}<span>{head}{}</span></div>",
                if removed { " class=\"gone\"" } else { "" },
                heat_map(&HeatMap {
                    reach: Some(reach),
                    side: 84.0,
                    bare: true,
                    ..map
                }),
                if removed { ", removed" } else { "" },
            );
        }
        out += "</div>";
    }
    out + "</div>"
}
