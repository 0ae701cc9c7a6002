//! Attention.

use spat_cpu::{AttentionShape, Connections, Dropout, MapOptions};
use spat_gpu::encoder::attention_dispatches;

use super::case::{Case, given, large, made};

/// With a mask per sample and dropout, every binding is used.
pub(crate) fn attentions() -> Vec<Case> {
    let mut cases = Vec::new();
    for head_width in [8, 3] {
        let shape = AttentionShape {
            samples: 2,
            tokens: 11,
            heads: 3,
            head_width,
        };
        let dropped = Dropout::new(9, 0.1);
        let dropout = Some(dropped);
        let count = 2 * 11 * 3 * head_width;
        let [query, key, value, gradient] =
            [0, 1, 2, 3].map(|part| large(count + part)[part..].to_vec());
        let mask = large(2 * 3 * 11 * 11);
        let options = MapOptions {
            connections: Some(Connections::PerSample(&mask)),
            dropout,
            ..MapOptions::default()
        };
        let width = 3 * head_width;
        let rows = [&query, &key, &value].map(|part| part.chunks(width));
        let [queries, keys, values] = rows;
        let projections: Vec<f32> = queries
            .zip(keys.zip(values))
            .flat_map(|(query, (key, value))| [query, key, value].concat())
            .collect();
        let attended = spat_cpu::attend(&projections, &shape, options);
        let kept: Vec<f32> = attended
            .maps
            .values
            .iter()
            .zip(&mask)
            .enumerate()
            .map(|(place, (map, mask))| map * mask * dropped.factor(place))
            .collect();
        let back =
            spat_cpu::attend_backward(&projections, &attended.maps, &gradient, &shape, options);
        // A third of each row.
        let third = |number: usize| -> Vec<f32> {
            let rows = back.projections.chunks(3 * width);
            rows.flat_map(|row| &row[number * width..(number + 1) * width])
                .copied()
                .collect()
        };
        let of_scores = score_gradients(
            &shape,
            &value,
            &attended.maps.values,
            &mask,
            &gradient,
            dropout,
        );
        let [forward, by_query, by_key] = attention_dispatches(&shape, Some(false), dropout);
        cases.push(Case::dispatch(
            &forward,
            vec![
                given(query.clone()),
                given(key.clone()),
                given(value.clone()),
                made(attended.context),
                given(mask.clone()),
                made(attended.maps.values.clone()),
                made(kept.clone()),
            ],
        ));
        cases.push(Case::dispatch(
            &by_query,
            vec![
                given(gradient.clone()),
                given(key),
                given(value),
                made(third(0)),
                given(mask.clone()),
                given(attended.maps.values),
                made(of_scores.clone()),
                made(back.connections.clone().unwrap()),
            ],
        ));
        cases.push(Case::dispatch(
            &by_key,
            vec![
                given(query),
                given(gradient),
                made(third(1)),
                made(third(2)),
                given(of_scores),
                given(kept),
            ],
        ));
    }
    cases
}

/// `∂L/∂scores` by its formula, which the CPU kernel does not return.
fn score_gradients(
    shape: &AttentionShape,
    value: &[f32],
    maps: &[f32],
    mask: &[f32],
    gradient: &[f32],
    dropout: Option<Dropout>,
) -> Vec<f32> {
    let AttentionShape {
        tokens,
        heads,
        head_width,
        ..
    } = *shape;
    let row = |number: usize, token: usize| {
        let (sample, head) = (number / heads, number % heads);
        ((sample * tokens + token) * heads + head) * head_width
    };
    let mut of_scores = vec![0.0; maps.len()];
    for (line, of_scores) in of_scores.chunks_mut(tokens).enumerate() {
        let (number, query) = (line / tokens, line % tokens);
        let of_maps: Vec<f32> = (0..tokens)
            .map(|key| {
                let (a, b) = (row(number, query), row(number, key));
                let dot: f32 = (0..head_width)
                    .map(|c| gradient[a + c] * value[b + c])
                    .sum();
                let place = line * tokens + key;
                dot * dropout.map_or(1.0, |dropout| dropout.factor(place)) * mask[place]
            })
            .collect();
        let map = &maps[line * tokens..][..tokens];
        let along: f32 = of_maps
            .iter()
            .zip(map)
            .map(|(of_map, map)| of_map * map)
            .sum();
        for ((of_score, of_map), map) in of_scores.iter_mut().zip(of_maps).zip(map) {
            *of_score = map * (of_map - along) / (head_width as f32).sqrt();
        }
    }
    of_scores
}
