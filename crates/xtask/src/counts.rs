//! Numbers of tests by result.

use std::ops::AddAssign;

/// Numbers of passed, failed and ignored tests.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) ignored: usize,
}

impl Counts {
    /// Adds a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn add(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else {
            return;
        };
        let mut words = rest
            .split([' ', ';'])
            .filter(|word| !word.is_empty())
            .peekable();
        while let Some(word) = words.next() {
            let Ok(count) = word.parse::<usize>() else {
                continue;
            };
            match words.peek() {
                Some(&"passed") => self.passed += count,
                Some(&"failed") => self.failed += count,
                Some(&"ignored") => self.ignored += count,
                _ => {}
            }
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn counts_are_summed() {
        let mut total = Counts::default();
        total.add("running 4 tests");
        total.add("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.01s");
        total.add("test result: FAILED. 2 passed; 5 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        assert_eq!((total.passed, total.failed, total.ignored), (5, 5, 1));
    }
}
