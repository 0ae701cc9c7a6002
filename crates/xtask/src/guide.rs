//! `cargo xtask guide`: adds the examples of CONTRIBUTING.md to a copy of the repository and tests it there.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::counts::Counts;
use crate::{cargo, desktop, root, succeed};

/// The name of this test for `cargo xtask test --only`.
const NAME: &str = "the_examples_of_contributing_compile_and_pass";

/// [`run`] as one test.
pub(crate) fn test(only: Option<&str>) -> Counts {
    let mut counts = Counts::default();
    if only.is_none_or(|pattern| NAME.contains(pattern)) {
        match run() {
            Ok(()) => counts.passed = 1,
            Err(error) => {
                println!("{NAME} failed: {error:#}");
                counts.failed = 1;
            }
        }
    }
    counts
}

/// Adds each example to the file that the text before it names, checks the format, and runs the `Check:` command
/// of each section with examples.
///
/// # Errors
/// The text cannot be followed, or a test fails. The copy is kept: `guide` in cargo's target folder.
pub(crate) fn run() -> Result<()> {
    let text = fs::read_to_string(root().join("CONTRIBUTING.md")).context("CONTRIBUTING.md")?;
    let target = desktop::target()?;
    // A fixed place, so that cargo replaces what it built the last time.
    let copy = target.join("guide");
    copy_repository(&copy)?;
    mark_version(&copy.join("Cargo.toml"))?;
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--edition", "2024", "--check"]);
    let mut checks = Vec::new();
    for section in text.split("\n## ") {
        let files = add_examples(section, &copy)?;
        if !files.is_empty() {
            let check = section.split("\nCheck: `").nth(1);
            let check = check.and_then(|rest| rest.split('`').next());
            checks.push(check.context("a section has examples, but no line `Check:`")?);
        }
        rustfmt.args(files);
    }
    if checks.is_empty() {
        bail!("CONTRIBUTING.md has no examples");
    }
    succeed(rustfmt.current_dir(&copy))?;
    for check in checks {
        let mut command = cargo();
        command.current_dir(&copy).env("CARGO_TARGET_DIR", &target);
        command.args(check.split_whitespace().skip(1));
        succeed(command.arg("--tests"))?;
    }
    Ok(fs::remove_dir_all(&copy)?)
}

/// Copies all files that git does not ignore.
fn copy_repository(copy: &Path) -> Result<()> {
    if copy.exists() {
        fs::remove_dir_all(copy)?;
    }
    let list = "ls-files -z --cached --others --exclude-standard".split(' ');
    let listed = Command::new("git").args(list).current_dir(root()).output();
    let listed = listed.context("cannot start git")?;
    if !listed.status.success() {
        bail!("git: {}", String::from_utf8_lossy(&listed.stderr).trim());
    }
    for name in String::from_utf8(listed.stdout)?.split_terminator('\0') {
        let (from, to) = (root().join(name), copy.join(name));
        // A deleted file is listed until the deletion is staged.
        if from.is_file() {
            fs::create_dir_all(to.parent().unwrap_or(copy))?;
            fs::copy(&from, &to).with_context(|| name.to_owned())?;
        }
    }
    Ok(())
}

/// Gives the crates of the copy a version of their own. Cargo names what it builds by a package's version and its
/// path inside the workspace: with the same version, the crates of the copy would replace those of the repository.
fn mark_version(manifest: &Path) -> Result<()> {
    let version = |suffix| format!("version = \"{}{suffix}\"", env!("CARGO_PKG_VERSION"));
    let old = fs::read_to_string(manifest)?;
    let new = old.replace(&version(""), &version("-guide"));
    if new == old {
        bail!(
            "{} has no version {}",
            manifest.display(),
            env!("CARGO_PKG_VERSION")
        );
    }
    Ok(fs::write(manifest, new)?)
}

/// Adds the code blocks of a section, each to the last file `crates/….rs` that a code span before it names. Returns
/// the files that got Rust code; blocks of the language `text` are entries of lists.
fn add_examples(section: &str, copy: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    let mut file: Option<String> = None;
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        if let Some(language) = content.strip_prefix("```") {
            let block = lines.by_ref().take_while(|line| line.trim() != "```");
            let block = block.map(|line| line.get(indent..).unwrap_or_default());
            let code: String = block.flat_map(|line| [line, "\n"]).collect();
            let file = file.take();
            let file = file.with_context(|| format!("no file is named for\n{code}"))?;
            let is_entry = language == "text";
            add(&copy.join(&file), &code, is_entry).with_context(|| file.clone())?;
            if !is_entry {
                files.push(file);
            }
        } else {
            let spans = line.split('`').skip(1).step_by(2);
            let named = spans.filter(|span| span.starts_with("crates/") && span.ends_with(".rs"));
            file = named.last().map(str::to_owned).or(file);
        }
    }
    Ok(files)
}

/// Creates the file, or adds the code to its end or the entry to its list.
fn add(file: &Path, code: &str, is_entry: bool) -> Result<()> {
    let old = match file.exists() {
        true => fs::read_to_string(file)?,
        false => String::new(),
    };
    let new = if is_entry {
        let lines: Vec<_> = old.split_inclusive('\n').collect();
        let last = lines.iter().rposition(|line| is_list_entry(line));
        let (before, after) = lines.split_at(last.context("the file has no list")? + 1);
        before.concat() + code + &after.concat()
    } else {
        let blank = if old.is_empty() { "" } else { "\n" };
        old + blank + code
    };
    Ok(fs::write(file, new)?)
}

/// Whether a line is an entry of a list, such as `dlinear => DLinear,`.
fn is_list_entry(line: &str) -> bool {
    let name = line.trim_start().split_once(" => ").map(|(name, _)| name);
    name.is_some_and(|name| name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()))
}
