//! Windows, forecasts, and their errors.

use spat_gpu::encoder::{Rows, error_dispatches, window_dispatches};

use super::case::{Case, given, large, made};

/// Windows of two channels and one feature, by their definition.
pub(crate) fn ends() -> Vec<Case> {
    let (samples, lookback, horizon, channels, tokens) = (3, 10, 4, 2, 3);
    let shape = Rows {
        samples,
        channels,
        tokens,
        normalise: true,
    };
    let [values, time_features] = [samples * lookback * channels, samples * lookback].map(large);
    let (mut rows, mut statistics) = (Vec::new(), Vec::new());
    for sample in 0..samples {
        for channel in 0..channels {
            let window: Vec<f32> = (0..lookback)
                .map(|k| values[(sample * lookback + k) * channels + channel])
                .collect();
            let mean = window.iter().sum::<f32>() / lookback as f32;
            let squares: f32 = window.iter().map(|value| (value - mean).powi(2)).sum();
            let deviation = (squares / lookback as f32 + 1e-5).sqrt();
            rows.extend(window.iter().map(|value| (value - mean) / deviation));
            statistics.extend([mean, deviation]);
        }
        rows.extend(&time_features[sample * lookback..][..lookback]);
    }
    let made_rows = large(samples * tokens * horizon);
    let gradient = large(samples * horizon * channels + 1)[1..].to_vec();
    let (mut forecast, mut of_rows) = (Vec::new(), vec![0.0; made_rows.len()]);
    for sample in 0..samples {
        for step in 0..horizon {
            for channel in 0..channels {
                let place = (sample * tokens + channel) * horizon + step;
                let at = 2 * (sample * channels + channel);
                of_rows[place] = gradient[forecast.len()] * statistics[at + 1];
                forecast.push(made_rows[place] * statistics[at + 1] + statistics[at]);
            }
        }
    }
    let [normalise, restore, backward] = window_dispatches(&shape, lookback, horizon, 1e-5);
    vec![
        Case::dispatch(
            &normalise,
            vec![
                given(values),
                given(time_features),
                made(rows),
                made(statistics.clone()),
            ],
        ),
        Case::dispatch(
            &restore,
            vec![given(made_rows), given(statistics.clone()), made(forecast)],
        ),
        Case::dispatch(
            &backward,
            vec![given(gradient), given(statistics), made(of_rows)],
        ),
    ]
}

pub(crate) fn errors() -> Vec<Case> {
    let count = 3_000;
    let [forecast, truth] = [0, 1].map(|part| large(count + part)[part..].to_vec());
    let [square, average, backward] = error_dispatches(count);
    let errors: Vec<f32> = forecast.iter().zip(&truth).map(|(a, b)| a - b).collect();
    let sums: Vec<f32> = errors
        .chunks(1_024)
        .map(|part| part.iter().map(|error| error * error).sum())
        .collect();
    let mean = sums.iter().sum::<f32>() / count as f32;
    let of_forecast = errors
        .iter()
        .map(|error| 2.0 * error / count as f32 * 3.0)
        .collect();
    vec![
        Case::dispatch(
            &square,
            vec![
                given(forecast.clone()),
                given(truth.clone()),
                made(sums.clone()),
            ],
        ),
        Case::dispatch(&average, vec![given(sums), made(vec![mean])]),
        Case::dispatch(
            &backward,
            vec![
                given(forecast),
                given(truth),
                given(vec![3.0]),
                made(of_forecast),
            ],
        ),
    ]
}
