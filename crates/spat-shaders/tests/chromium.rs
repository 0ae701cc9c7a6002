//! The same shaders in a browser: Chromium's compiler (Tint) refuses what naga accepts, and WebGPU
//! promises less than Vulkan. Runs in headless Chromium on its software adapter.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spat_kernels::{AdamFactors, AdamParameter, AttentionShape, Connections, Dropout, Finish};
use spat_shaders::encoder::{
    Dispatch, Rows, adam_dispatch, attention_dispatches, error_dispatches, linear_dispatches,
    norm_dispatches, value_dispatches, window_dispatches,
};
use spat_shaders::{Stage, Task, twin};
use spat_spec::{Scaling, SendOptions, Sign};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
const PATIENCE: Duration = Duration::from_secs(300);

/// One launch, its buffers, and what its twin makes of them.
struct Case {
    stage: Stage,
    bindings: Vec<Bound>,
    uniform: Vec<u32>,
    grid: [u32; 2],
}

/// A buffer before a launch, and after it where the launch writes.
struct Bound {
    before: Vec<f32>,
    after: Option<Vec<f32>>,
}

impl Case {
    /// A stage that reduces: inputs, then one output.
    fn reduction(stage: Stage, inputs: Vec<Vec<f32>>, task: &Task, expected: Vec<f32>) -> Self {
        let mut bindings: Vec<Bound> = inputs.into_iter().map(given).collect();
        bindings.push(made(expected));
        Self {
            stage,
            bindings,
            uniform: task.uniform().to_vec(),
            grid: task.grid(),
        }
    }

    fn dispatch(dispatch: &Dispatch, bindings: Vec<Bound>) -> Self {
        Self {
            stage: dispatch.stage,
            bindings,
            uniform: dispatch.uniform.clone(),
            grid: dispatch.grid,
        }
    }
}

/// What a launch reads.
fn given(values: Vec<f32>) -> Bound {
    Bound {
        before: values,
        after: None,
    }
}

/// What a launch writes.
fn made(expected: Vec<f32>) -> Bound {
    changed(vec![0.0; expected.len()], expected)
}

/// What a launch reads and writes.
fn changed(before: Vec<f32>, after: Vec<f32>) -> Bound {
    Bound {
        before,
        after: Some(after),
    }
}

fn numbers(length: usize) -> Vec<f32> {
    (0..length)
        .map(|place| ((place * 7_919 + 13) % 10_007) as f32 * 1e-6 - 4e-3)
        .collect()
}

fn reductions() -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, scaling, sign) in [
        ([2, 4, 11, 11], Scaling::Standardise, Sign::Signed),
        ([1, 3, 7, 300], Scaling::Standardise, Sign::Absolute),
        ([2, 1, 1, 1_500], Scaling::None, Sign::Signed),
        ([530_000, 1, 1, 2], Scaling::Temperature(1e-3), Sign::Signed),
    ] {
        let options = SendOptions {
            scaling,
            sign,
            ..SendOptions::default()
        };
        let task = Task::dispersion(shape, 1, &options);
        let maps = numbers(shape.iter().product());

        let partials = twin::measure_spread(&maps, &task);
        let mut words: Vec<f32> = partials
            .iter()
            .flat_map(|part| [part.count, part.scale, part.mean, part.squares])
            .collect();
        if !partials.is_empty() {
            cases.push(Case::reduction(
                Stage::MeasureSpread,
                vec![maps.clone()],
                &task.spread(),
                words.clone(),
            ));
        }
        words.resize(words.len().max(4), 0.0);
        let sums = twin::disperse_rows(&maps, &partials, &task);
        let flat = sums.iter().copied().flatten().collect::<Vec<f32>>();
        cases.push(Case::reduction(
            Stage::DisperseRows,
            vec![maps.clone(), words],
            &task,
            flat.clone(),
        ));
        let before = vec![0.25; 2 + 2 * (shape[1] + 1)];
        let after = twin::accumulate_scores(&sums, &before, &task.accumulation());
        cases.push(Case::reduction(
            Stage::AccumulateScores,
            vec![flat, before],
            &task.accumulation(),
            after,
        ));
        // The largest tensor is there for the grid alone, and slow in a browser without a GPU.
        if shape[0] > 1_000 {
            continue;
        }
        let attention: Vec<f32> = maps.iter().map(|value| value.abs() * 50.0).collect();
        let sums = twin::measure_entropy(&attention, &task);
        cases.push(Case::reduction(
            Stage::MeasureEntropy,
            vec![attention],
            &task,
            sums.into_iter().flatten().collect(),
        ));
        let average = twin::average_maps(&maps, &task.cells());
        cases.push(Case::reduction(
            Stage::AverageMaps,
            vec![maps],
            &task.cells(),
            average,
        ));
    }
    cases
}

/// Sizes that are no multiples of a tile, by fours and by ones.
fn products() -> Vec<Case> {
    let mut cases = Vec::new();
    for (rows, inputs, outputs) in [(19, 12, 20), (9, 5, 7)] {
        let [x, weight, bias, gradient] =
            [rows * inputs, inputs * outputs, outputs, rows * outputs].map(large);
        let [forward, of_x, of_weight] = linear_dispatches(rows, inputs, outputs, true);
        let plain = Finish::default();
        let y = spat_kernels::linear(&x, &weight, Some(&bias), inputs, plain, false).y;
        let back = spat_kernels::linear_backward(&x, &weight, None, &gradient, inputs, plain, true);
        cases.push(Case::dispatch(
            &forward,
            vec![
                given(x.clone()),
                given(weight.clone()),
                made(y),
                given(bias),
            ],
        ));
        cases.push(Case::dispatch(
            &of_x,
            vec![
                given(gradient.clone()),
                given(weight),
                made(back.x.unwrap()),
            ],
        ));
        cases.push(Case::dispatch(
            &of_weight,
            vec![
                given(x),
                given(gradient),
                made(back.weight),
                made(back.bias),
            ],
        ));
    }
    cases
}

fn values() -> Vec<Case> {
    let count = 1_001;
    let mask = Dropout::new(77, 0.3);
    let dropout = Some(mask);
    let (x, gradient) = (large(count), numbers(count));
    let [forward, backward, drop] = value_dispatches(count, dropout);
    // The layer whose weight is 1.
    let finish = Finish {
        gelu: true,
        dropout,
    };
    let gelu = spat_kernels::linear(&x, &[1.0], None, 1, finish, true);
    let before = gelu.before.as_deref();
    let back = spat_kernels::linear_backward(&x, &[1.0], before, &gradient, 1, finish, true);
    vec![
        Case::dispatch(&forward, vec![given(x.clone()), made(gelu.y)]),
        Case::dispatch(
            &backward,
            vec![
                given(x.clone()),
                given(gradient.clone()),
                made(back.x.unwrap()),
            ],
        ),
        Case::dispatch(&drop, vec![given(x.clone()), made(mask.apply(&x))]),
    ]
}

fn norms() -> Vec<Case> {
    let (rows, width) = (21, 33);
    let dropout = Some(Dropout::new(5, 0.2));
    let [x, branch, gradient] = [0, 1, 2].map(|part| large(rows * width + part)[part..].to_vec());
    let [gamma, beta] = [3, 4].map(|part| large(width + part)[part..].to_vec());
    let [forward, of_rows, of_columns] = norm_dispatches(rows, width, true, dropout, 1e-5);
    let normed = spat_kernels::add_norm(&x, Some(&branch), dropout, &gamma, &beta, 1e-5);
    let back = spat_kernels::add_norm_backward(&normed, &gradient, dropout, &gamma);
    vec![
        Case::dispatch(
            &forward,
            vec![
                given(x),
                given(branch),
                given(gamma.clone()),
                given(beta),
                made(normed.output),
                made(normed.normal.clone()),
                made(normed.inverse.clone()),
            ],
        ),
        Case::dispatch(
            &of_rows,
            vec![
                given(gradient.clone()),
                given(normed.normal.clone()),
                given(normed.inverse),
                given(gamma),
                made(back.x),
                made(back.branch.unwrap()),
            ],
        ),
        Case::dispatch(
            &of_columns,
            vec![
                given(gradient),
                given(normed.normal),
                made(back.gamma),
                made(back.beta),
            ],
        ),
    ]
}

/// Under a mask of each sample and a dropout: every binding has a part.
fn attentions() -> Vec<Case> {
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
        let connections = Some(Connections::PerSample(&mask));
        let width = 3 * head_width;
        let rows = [&query, &key, &value].map(|part| part.chunks(width));
        let [queries, keys, values] = rows;
        let projections: Vec<f32> = queries
            .zip(keys.zip(values))
            .flat_map(|(query, (key, value))| [query, key, value].concat())
            .collect();
        let attended = spat_kernels::attend(&projections, &shape, connections, dropout);
        let kept: Vec<f32> = attended
            .maps
            .iter()
            .zip(&mask)
            .enumerate()
            .map(|(place, (map, mask))| map * mask * dropped.factor(place))
            .collect();
        let back = spat_kernels::attend_backward(
            &projections,
            &attended.maps,
            &gradient,
            &shape,
            connections,
            dropout,
        );
        // A third of each row.
        let third = |number: usize| -> Vec<f32> {
            let rows = back.projections.chunks(3 * width);
            rows.flat_map(|row| &row[number * width..(number + 1) * width])
                .copied()
                .collect()
        };
        let of_scores = score_gradients(&shape, &value, &attended.maps, &mask, &gradient, dropout);
        let [forward, by_query, by_key] = attention_dispatches(&shape, Some(false), dropout);
        cases.push(Case::dispatch(
            &forward,
            vec![
                given(query.clone()),
                given(key.clone()),
                given(value.clone()),
                made(attended.context),
                given(mask.clone()),
                made(attended.maps.clone()),
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
                given(attended.maps),
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

/// `∂L/∂scores` by its formula, which the CPU's kernel keeps to itself.
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

fn adam() -> Case {
    let factors = AdamFactors {
        beta_1: 0.9,
        beta_2: 0.999,
        rate: 1e-2,
        spread: 3.0,
        epsilon: 1e-8,
        keep: 0.99,
    };
    let count = 777;
    let [weight, gradient, first] = [0, 1, 2].map(|part| large(count + part)[part..].to_vec());
    let second: Vec<f32> = first.iter().map(|value| value * value).collect();
    let (mut first_after, mut second_after) = (first.clone(), second.clone());
    let mut updated = vec![0.0; count];
    let parameter = AdamParameter {
        updated: &mut updated,
        weight: &weight,
        gradient: &gradient,
        first: &mut first_after,
        second: &mut second_after,
    };
    spat_kernels::adam(vec![parameter], &factors);
    Case::dispatch(
        &adam_dispatch(count, &factors),
        vec![
            given(weight),
            given(gradient),
            changed(first, first_after),
            changed(second, second_after),
            made(updated),
        ],
    )
}

/// Windows of two channels and one feature, by their definition.
fn ends() -> Vec<Case> {
    let (samples, lookback, horizon, channels, tokens) = (3, 10, 4, 2, 3);
    let shape = Rows {
        samples,
        channels,
        tokens,
        normalise: true,
    };
    let [values, marks] = [samples * lookback * channels, samples * lookback].map(large);
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
        rows.extend(&marks[sample * lookback..][..lookback]);
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
                given(marks),
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

fn errors() -> Vec<Case> {
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

/// Numbers from −2 to 2.
fn large(length: usize) -> Vec<f32> {
    (0..length)
        .map(|place| ((place * 7_919 + 13) % 10_007) as f32 * 4e-4 - 2.0)
        .collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn every_shader_runs_in_chromium_as_its_twin_does() {
    let mut cases = reductions();
    for more in [
        products(),
        values(),
        norms(),
        attentions(),
        vec![adam()],
        ends(),
        errors(),
    ] {
        cases.extend(more);
    }
    for stage in Stage::ALL {
        assert!(
            cases.iter().any(|case| case.stage == stage),
            "{stage:?} has no case"
        );
    }
    let question: Vec<Value> = cases
        .iter()
        .map(|case| {
            let bindings: Vec<Value> = case
                .bindings
                .iter()
                .map(|bound| json!({ "words": bits(&bound.before), "read": bound.after.is_some() }))
                .collect();
            json!({
                "source": case.stage.source(),
                "entry": case.stage.name(),
                "bindings": bindings,
                "task": case.uniform,
                "grid": case.grid,
            })
        })
        .collect();
    let answer = ask(&Value::Array(question).to_string());
    assert!(answer["error"].is_null(), "{}", answer["error"]);

    let outputs = answer["outputs"].as_array().unwrap();
    assert_eq!(outputs.len(), cases.len());
    for (outputs, case) in outputs.iter().zip(&cases) {
        let expected: Vec<&Vec<f32>> = case
            .bindings
            .iter()
            .filter_map(|bound| bound.after.as_ref())
            .collect();
        let outputs = outputs.as_array().unwrap();
        assert_eq!(outputs.len(), expected.len());
        for (number, (output, expected)) in outputs.iter().zip(expected).enumerate() {
            agree(case, number, output, expected);
        }
    }
}

fn agree(case: &Case, number: usize, output: &Value, expected: &[f32]) {
    let output = output.as_array().unwrap();
    assert_eq!(output.len(), expected.len());
    let largest = expected.iter().map(|value| value.abs()).fold(0.0, f32::max);
    // A reduction's values are compared each by itself, sums that may cancel by the largest of them, and
    // moments in their own unit.
    let size = match case.stage {
        Stage::DisperseRows | Stage::AccumulateScores | Stage::MeasureEntropy => f32::MIN_POSITIVE,
        Stage::MeasureSpread => 1.0,
        _ => largest.max(1e-3),
    };
    for (place, (value, expected)) in output.iter().zip(expected).enumerate() {
        let value = f32::from_bits(u32::try_from(value.as_u64().unwrap()).unwrap());
        assert!(
            (value - expected).abs() <= 1e-5 * expected.abs().max(size),
            "{:?} {:?}, output {number}, value {place}: {value:e} in Chromium, {expected:e} by the twin",
            case.stage,
            case.uniform
        );
    }
}

/// Serves the page to a browser and waits for its answer.
fn ask(cases: &str) -> Value {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let profile = tempfile::tempdir().unwrap();
    let browser = Browser::start(
        &format!("http://{}/", listener.local_addr().unwrap()),
        profile.path(),
    );
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        match listener.accept() {
            Ok((stream, _)) => {
                if let Some(answer) = serve(stream, cases) {
                    drop(browser);
                    return answer;
                }
            }
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    panic!("the browser did not answer within {PATIENCE:?}");
}

/// Answers one request; gives the body of the browser's answer.
fn serve(mut stream: TcpStream, cases: &str) -> Option<Value> {
    stream.set_nonblocking(false).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut request = String::new();
    reader.read_line(&mut request).ok()?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (status, kind, text) = match request.split(' ').nth(1)? {
        "/" => ("200 OK", "text/html", include_str!("chromium.html")),
        "/cases" => ("200 OK", "application/json", cases),
        "/answer" => ("200 OK", "text/plain", ""),
        _ => ("404 Not Found", "text/plain", ""),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
    .ok()?;
    if request.starts_with("POST /answer") {
        return serde_json::from_slice(&body).ok();
    }
    None
}

struct Browser(Child);

impl Browser {
    fn start(address: &str, profile: &std::path::Path) -> Self {
        let child = NAMES.iter().find_map(|name| {
            Command::new(name)
                .args([
                    "--headless",
                    "--no-sandbox",
                    "--no-first-run",
                    "--disable-quic",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    "--enable-unsafe-webgpu",
                    "--use-webgpu-adapter=swiftshader",
                ])
                .arg(format!("--user-data-dir={}", profile.display()))
                .arg(address)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .ok()
        });
        Self(child.expect("no Chromium on the PATH; `cargo xtask test` installs it on Debian"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
