//! The page's stories in Chromium, by Playwright.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use crate::counts::Counts;
use crate::{page, root, succeed};

/// Builds the page and tests it as it would be served.
pub(crate) fn test() -> Result<Counts> {
    page::build()?;
    let folder = root().join("tests/browser");
    succeed(Command::new("npm").current_dir(&folder).args([
        "ci",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]))?;
    tell(|| {
        let mut stories = Command::new("node");
        // One page at a time: software WebGPU devices do not bear company.
        stories.current_dir(&folder).args([
            "--test",
            "--test-concurrency=1",
            "--test-reporter=tap",
        ]);
        stories
    })
}

/// Stories that may be told a second time; where more fail, it is no chance.
const FEW: usize = 3;

/// Goes through stories by node. They wait for what a browser draws beside an engine that computes, on
/// whatever machine this is: the few that fail are told once more, alone, and whoever reads hears of it.
pub(crate) fn tell(stories: impl Fn() -> Command) -> Result<Counts> {
    let (mut counts, names) = counted(stories())?;
    if names.is_empty() || names.len() > FEW || names.len() != counts.failed {
        return Ok(counts);
    }
    println!("\ntold once more: {}", names.join("; "));
    let mut alone = stories();
    for name in &names {
        alone.arg(format!("--test-name-pattern=^{}$", literally(name)));
    }
    let (again, _) = counted(alone)?;
    if again.failed == 0 && again.passed == names.len() {
        println!("\nfailed once and passed alone: {}", names.join("; "));
        counts.passed += counts.failed;
        counts.failed = 0;
    }
    Ok(counts)
}

/// A regular expression that means the words alone.
fn literally(words: &str) -> String {
    let escaped = words.chars().flat_map(|letter| {
        let special = r"\^$.|?*+()[]{}/".contains(letter);
        special.then_some('\\').into_iter().chain([letter])
    });
    escaped.collect()
}

/// Shows what a run of node's tests says, counts it, and names what failed.
fn counted(mut tests: Command) -> Result<(Counts, Vec<String>)> {
    let (mut counts, mut names) = (Counts::default(), Vec::new());
    let mut child = tests
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start node")?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line.context("cannot read what node prints")?;
            println!("{line}");
            count(&line, &mut counts);
            let failed = line.strip_prefix("not ok ");
            names.extend(failed.and_then(|rest| Some(rest.split_once(" - ")?.1.to_owned())));
        }
    }
    let status = child.wait()?;
    if !status.success() && counts.failed == 0 {
        counts.failed = 1;
    }
    Ok((counts, names))
}

/// Adds a line of TAP's tail such as `# pass 12`.
fn count(line: &str, counts: &mut Counts) {
    let number = |name: &str| -> usize {
        line.strip_prefix(name)
            .and_then(|rest| rest.trim().parse().ok())
            .unwrap_or(0)
    };
    counts.passed += number("# pass ");
    counts.failed += number("# fail ") + number("# cancelled ");
    counts.ignored += number("# skipped ");
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// What node says of a file of stories, one of which is well.
    fn told(name: &str, story: &str) -> Option<Counts> {
        if Command::new("node").arg("--version").output().is_err() {
            println!("left out: no node on the PATH");
            return None;
        }
        let folder = std::env::temp_dir().join(format!("spat-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).ok()?;
        let file = format!(
            "import {{ test }} from 'node:test';\n\
             import {{ existsSync, writeFileSync }} from 'node:fs';\n\
             test('all is well', () => {{}});\n\
             test('what (if anything) is [not]', () => {{ {story} }});\n"
        );
        fs::write(folder.join("one.test.mjs"), file).ok()?;
        let counts = tell(|| {
            let mut stories = Command::new("node");
            stories
                .current_dir(&folder)
                .args(["--test", "--test-reporter=tap"]);
            stories
        });
        fs::remove_dir_all(&folder).ok();
        counts.ok()
    }

    #[test]
    fn a_story_that_fails_once_is_told_again_and_one_that_fails_twice_has_failed() {
        let once = "if (!existsSync('again')) { writeFileSync('again', ''); throw Error('once'); }";
        if let Some(counts) = told("once", once) {
            assert_eq!((counts.passed, counts.failed), (2, 0));
        }
        if let Some(counts) = told("twice", "throw Error('always');") {
            assert_eq!((counts.passed, counts.failed), (1, 1));
        }
    }
}
