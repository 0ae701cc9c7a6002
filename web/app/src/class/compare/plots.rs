//! Error against cost for both models of every student.

use spat_report::{Hue, Mark, ParetoChart, ParetoPoint, ParetoSeries};

use super::member::{Member, Side};

/// MSE against multiply–accumulates.
pub(super) fn by_macs(members: &[Member]) -> ParetoChart {
    chart(
        members,
        "Error against cost",
        "million MACs per window",
        |side| side.macs as f64 / 1e6,
    )
}

/// MSE against measured time.
pub(super) fn by_time(members: &[Member]) -> ParetoChart {
    chart(
        members,
        "Error against time",
        "milliseconds per batch of forecasts",
        |side| side.ms,
    )
}

fn chart(members: &[Member], title: &str, x_label: &str, x: fn(&Side) -> f64) -> ParetoChart {
    let series = |label: &str, hue, mark, of: fn(&Member) -> &Side| ParetoSeries {
        label: label.to_owned(),
        hue,
        mark,
        points: members
            .iter()
            .map(|member| ParetoPoint {
                name: member.name.clone(),
                x: x(of(member)),
                y: of(member).mse,
            })
            .collect(),
    };
    ParetoChart {
        title: title.to_owned(),
        description: format!(
            "Scaled test MSE upwards and {x_label} along the bottom, for the dense and the pruned model \
             of {} reports; the dashed stairs join the points that no other point beats on both axes",
            members.len()
        ),
        x_label: x_label.to_owned(),
        y_label: "test MSE, scaled".to_owned(),
        series: vec![
            series("dense", Hue::Blue, Mark::Circle, |member| &member.dense),
            series("pruned", Hue::Vermillion, Mark::Diamond, |member| {
                &member.pruned
            }),
        ],
        ..ParetoChart::default()
    }
}
