//! Compares the SEND reduction with the same formula in PyTorch: time, and bytes per second.

use anyhow::{Result, anyhow};
use serde_json::{Value, json};

use super::worker::{Worker, median_of};
use super::{BenchDevice, median, spread};

/// Batch, heads, queries, keys.
const SIZES: [[usize; 4]; 4] = [
    [32, 8, 11, 11],
    [4, 8, 128, 128],
    [1, 8, 512, 512],
    [32, 8, 512, 512],
];
/// Largest relative error of a head's SEND against the float64 reference.
const TOLERANCE: f64 = 1e-4;
/// Target duration of a step in milliseconds: a single reduction is too short to time.
const STEP: f64 = 20.0;
/// Largest number of reductions per step.
const MOST_BATCHES: f64 = 100.0;
/// Largest length of an error in a table cell.
const LONGEST_REASON: usize = 240;

/// The measurement and its devices.
pub(super) struct Reduction<'a> {
    pub(super) ours: Side<'a>,
    pub(super) torch: Side<'a>,
    /// The device of both sides.
    pub(super) device: BenchDevice,
    pub(super) torch_device: Option<&'static str>,
    /// Peak bandwidth of the device's memory, GB/s.
    pub(super) peak: Option<f64>,
}

/// A worker that is started on first use, and again after a failure, which may have lost the device.
pub(super) struct Side<'a> {
    start: &'a dyn Fn() -> Result<Worker>,
    worker: Option<Worker>,
}

/// One implementation of the reduction.
struct Contender {
    request: Value,
    /// PyTorch's form of the formula; `None` for ours.
    form: Option<&'static str>,
    compiled: bool,
    /// Milliseconds of a reduction, one median per round.
    times: Vec<f64>,
    /// Why it is excluded.
    excluded: Option<String>,
}

impl<'a> Side<'a> {
    pub(super) fn new(start: &'a dyn Fn() -> Result<Worker>) -> Self {
        Self {
            start,
            worker: None,
        }
    }

    fn request(&mut self, request: &Value) -> Result<Value, String> {
        let answer = self.answer(request).map_err(|error| format!("{error:#}"));
        let answer = answer.and_then(|answer| match answer["error"].as_str() {
            Some(reason) => Err(reason.to_owned()),
            None => Ok(answer),
        });
        if answer.is_err() {
            self.worker = None;
        }
        answer
    }

    fn answer(&mut self, request: &Value) -> Result<Value> {
        let worker = match self.worker.take() {
            Some(worker) => worker,
            None => (self.start)()?,
        };
        self.worker.insert(worker).request(request)
    }
}

impl Reduction<'_> {
    /// Prints one line per scaling and size whose name contains `only`.
    pub(super) fn run(&mut self, only: &str, rounds: usize) -> Result<()> {
        let mut smallest = request([1, 1, 1, 2], "none");
        smallest["device"] = json!(self.device.name());
        let on = self
            .ours
            .request(&smallest)
            .map_err(|reason| anyhow!(reason))?["on"]
            .clone();
        println!("spat on {}", on.as_str().unwrap_or_default());
        if let Some(device) = self.torch_device {
            smallest["device"] = json!(device);
            smallest["form"] = json!("softmax");
            smallest["compile"] = json!(false);
            let on = self
                .torch
                .request(&smallest)
                .map_err(|reason| anyhow!(reason))?["on"]
                .clone();
            println!("PyTorch on {}", on.as_str().unwrap_or_default());
        }
        let of_peak = self.peak.map_or("", |_| " of peak |");
        println!(
            "\n| sensitivities | scaling | read, MB | spat, ms | GB/s |{of_peak} PyTorch, ms | compiled, ms | GB/s | ratio, median (min–max) |"
        );
        let columns = 9 + usize::from(self.peak.is_some());
        println!("|{}", "---|".repeat(columns));
        let mut wrong = Vec::new();
        for shape in SIZES {
            let name = shape.map(|size| size.to_string()).join("x");
            if !name.contains(only) {
                continue;
            }
            for scaling in ["none", "standardise"] {
                let contenders = self.compare(shape, scaling, rounds);
                println!(
                    "| {name} | {scaling} | {}",
                    self.cells(&contenders, needed(shape, scaling))
                );
                wrong.extend(contenders.iter().filter_map(|contender| {
                    let reason = contender.excluded.as_ref()?;
                    Some(format!(
                        "- {name}, {scaling}, {}: {reason}",
                        contender.name()
                    ))
                }));
            }
        }
        println!(
            "\nEvery figure's result is within {TOLERANCE:e} of the reference in float64, head by head. The ratio is to \
             PyTorch's fastest form. GB/s are the bytes that must be read by the time: once, or twice where S is standardised."
        );
        if !wrong.is_empty() {
            println!("\nLeft out:\n{}", wrong.join("\n"));
        }
        Ok(())
    }

    /// Times all implementations on one tensor, in turn.
    fn compare(&mut self, shape: [usize; 4], scaling: &str, rounds: usize) -> Vec<Contender> {
        let mut contenders = vec![Contender::ours(shape, scaling, self.device.name())];
        if let Some(device) = self.torch_device {
            for compiled in [false, true] {
                for form in ["softmax", "expm1"] {
                    contenders.push(Contender::torch(shape, scaling, device, form, compiled));
                }
            }
        }
        let mut reference = request(shape, scaling);
        reference["device"] = json!("cpu");
        reference["form"] = json!("reference");
        let reference = self
            .torch
            .request(&reference)
            .and_then(|answer| heads(&answer));
        let reference = match reference {
            Ok(reference) => reference,
            Err(reason) => {
                let reason = format!("nothing to check it against: {reason}");
                for contender in &mut contenders {
                    contender.excluded = Some(reason.clone());
                }
                return contenders;
            }
        };
        for contender in &mut contenders {
            // Fills caches, compiles, and determines the number of reductions per step.
            contender.request["warmup"] = json!(2);
            contender.request["steps"] = json!(3);
            if let Some(time) = self.time(contender, &reference) {
                let batches = (STEP / time).ceil().clamp(1.0, MOST_BATCHES);
                let slow = time > 5.0 * STEP;
                contender.request["batches"] = json!(batches as u64);
                contender.request["warmup"] = json!(u64::from(!slow));
                contender.request["steps"] = json!(if slow { 1 } else { 3 });
            }
        }
        for _ in 0..rounds {
            for contender in &mut contenders {
                if let Some(time) = self.time(contender, &reference) {
                    contender.times.push(time);
                }
            }
        }
        contenders
    }

    /// Median milliseconds of a block, if its result is right; excludes the contender otherwise.
    fn time(&mut self, contender: &mut Contender, reference: &[f64]) -> Option<f64> {
        if contender.excluded.is_some() {
            return None;
        }
        let side = match contender.form {
            None => &mut self.ours,
            Some(_) => &mut self.torch,
        };
        let timed = side.request(&contender.request).and_then(|answer| {
            agrees(&heads(&answer)?, reference)?;
            median_of(&answer).ok_or_else(|| format!("the worker answered {answer}"))
        });
        match timed {
            Ok(time) => Some(time),
            Err(reason) => {
                contender.excluded = Some(brief(&reason));
                None
            }
        }
    }

    /// The cells of a line from the third column on.
    fn cells(&self, contenders: &[Contender], needed: f64) -> String {
        let [ours, torch @ ..] = contenders else {
            return String::new();
        };
        let speed = |time: f64| needed / time / 1e6;
        let bandwidth = match ours.time() {
            None => " |".to_owned(),
            Some(time) => format!(" {:.2} |", speed(time)),
        };
        let of_peak = match (self.peak, ours.time()) {
            (None, _) => String::new(),
            (Some(_), None) => " |".to_owned(),
            (Some(peak), Some(time)) => format!(" {:.1} % |", 100.0 * speed(time) / peak),
        };
        let ours_cell = match (ours.time(), &ours.excluded) {
            (Some(time), _) => format!("{time:.3}"),
            (None, reason) => reason.clone().unwrap_or_default(),
        };
        let [eager, compiled] = [false, true].map(|compiled| {
            let of_kind = torch.iter().filter(|one| one.compiled == compiled);
            match self.torch_device {
                None => "PyTorch sees no CUDA device".to_owned(),
                Some(_) => fastest(of_kind),
            }
        });
        let best = torch.iter().filter_map(Contender::time).reduce(f64::min);
        let theirs = best.map_or(String::new(), |time| format!("{:.2}", speed(time)));
        let ratios: Vec<f64> = ours
            .times
            .iter()
            .enumerate()
            .filter_map(|(round, time)| {
                let theirs = torch
                    .iter()
                    .filter(|one| one.excluded.is_none())
                    .filter_map(|one| one.times.get(round).copied())
                    .reduce(f64::min)?;
                Some(time / theirs)
            })
            .collect();
        let ratio = match ours.excluded.is_some() || ratios.is_empty() {
            true => String::new(),
            false => {
                let (low, high) = spread(&ratios);
                format!("{:.2} ({low:.2}–{high:.2})", median(ratios))
            }
        };
        format!(
            "{:.1} | {ours_cell} |{bandwidth}{of_peak} {eager} | {compiled} | {theirs} | {ratio} |",
            needed / 1e6
        )
    }
}

impl Contender {
    fn ours(shape: [usize; 4], scaling: &str, device: &str) -> Self {
        let mut request = request(shape, scaling);
        request["device"] = json!(device);
        Self {
            request,
            form: None,
            compiled: false,
            times: Vec::new(),
            excluded: None,
        }
    }

    fn torch(
        shape: [usize; 4],
        scaling: &str,
        device: &str,
        form: &'static str,
        compiled: bool,
    ) -> Self {
        let mut own = Self::ours(shape, scaling, device);
        own.request["form"] = json!(form);
        own.request["compile"] = json!(compiled);
        Self {
            form: Some(form),
            compiled,
            ..own
        }
    }

    fn name(&self) -> String {
        match (self.form, self.compiled) {
            (None, _) => "spat".to_owned(),
            (Some(form), false) => format!("PyTorch by {form}"),
            (Some(form), true) => format!("PyTorch by {form}, compiled"),
        }
    }

    /// The median over the rounds, unless it is excluded.
    fn time(&self) -> Option<f64> {
        (self.excluded.is_none() && !self.times.is_empty()).then(|| median(self.times.clone()))
    }
}

/// The name and time of the fastest contender, or why all are excluded.
fn fastest<'a>(contenders: impl Iterator<Item = &'a Contender> + Clone) -> String {
    let timed = contenders
        .clone()
        .filter_map(|one| Some((one.time()?, one.form?)));
    match timed.min_by(|one, other| one.0.total_cmp(&other.0)) {
        Some((time, form)) => format!("{time:.3} ({form})"),
        None => {
            let mut reasons: Vec<&str> = contenders
                .filter_map(|one| one.excluded.as_deref())
                .collect();
            reasons.dedup();
            reasons.join("; ")
        }
    }
}

/// A request without steps.
fn request(shape: [usize; 4], scaling: &str) -> Value {
    json!({ "id": "0", "shape": shape, "scaling": scaling, "batches": 1, "warmup": 0, "steps": 1 })
}

/// Bytes that must be read: all values once, or twice with standardisation.
fn needed(shape: [usize; 4], scaling: &str) -> f64 {
    let readings = if scaling == "standardise" { 2 } else { 1 };
    (readings * size_of::<f32>() * shape.iter().product::<usize>()) as f64
}

fn heads(answer: &Value) -> Result<Vec<f64>, String> {
    let heads = answer["heads"]
        .as_array()
        .map(|heads| heads.iter().filter_map(Value::as_f64).collect());
    heads.ok_or_else(|| format!("the worker answered {answer}"))
}

/// Compares every head's SEND with the reference.
fn agrees(heads: &[f64], reference: &[f64]) -> Result<(), String> {
    if heads.len() != reference.len() {
        return Err(format!(
            "a result for {} of {} heads",
            heads.len(),
            reference.len()
        ));
    }
    let off = heads
        .iter()
        .zip(reference)
        .map(|(head, truth)| ((head - truth) / truth).abs())
        .fold(0.0, |worst: f64, off| {
            if off > worst || off.is_nan() {
                off
            } else {
                worst
            }
        });
    match off <= TOLERANCE {
        true => Ok(()),
        false => Err(format!("wrong by {off:.1e} of the reference")),
    }
}

/// A reason for a table cell: the root cause of a chain of causes.
fn brief(reason: &str) -> String {
    let cause = reason.rsplit("Caused by:").next().unwrap_or(reason);
    let cause = cause.split("No backtrace").next().unwrap_or(cause);
    let words = cause.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut brief: String = words
        .replace('|', "/")
        .chars()
        .take(LONGEST_REASON)
        .collect();
    if brief.len() < words.len() {
        brief.push('…');
    }
    brief
}
