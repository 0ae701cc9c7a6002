//! The content security policy, which the page states in a `meta` element.

/// Policy of a page that states none.
const DEFAULT: &str = "default-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'";

/// Forbids frames, which a `meta` element cannot.
const NO_FRAMES: &str = "frame-ancestors 'none'";

/// The page's policy, extended to forbid frames.
pub(super) fn for_page(html: &str) -> String {
    let policy = stated(html).unwrap_or(DEFAULT);
    format!("{}; {NO_FRAMES}", policy.trim_end_matches(';'))
}

fn stated(html: &str) -> Option<&str> {
    let from = html.find("http-equiv=\"Content-Security-Policy\"")?;
    let element = html[from..].split('>').next()?;
    let policy = element.split_once("content=\"")?.1.split('"').next()?;
    // A header value is one line of printable ASCII.
    policy
        .bytes()
        .all(|byte| (b' '..=b'~').contains(&byte))
        .then_some(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_of_the_page_is_used() {
        let page = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'self'; img-src data:\">";
        assert_eq!(
            for_page(page),
            "default-src 'self'; img-src data:; frame-ancestors 'none'"
        );
        assert!(for_page("<p>").starts_with("default-src 'self'"));
        let two_lines = page.replace("; ", ";\r\n");
        assert!(for_page(&two_lines).starts_with(DEFAULT));
    }

    #[test]
    fn the_real_page_states_a_policy() {
        let html = include_str!("../../../../index.html");
        assert!(for_page(html).contains("'wasm-unsafe-eval'"));
    }
}
