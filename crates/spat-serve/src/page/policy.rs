//! The content security policy, which has its one home in the page.

/// For a page that names none.
const PLAIN: &str = "default-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'";

/// What a page cannot say for itself: who may show it in a frame.
const FRAMES: &str = "frame-ancestors 'none'";

/// The policy that the page's `meta` element states, and that nobody may frame it.
pub(super) fn of_page(html: &str) -> String {
    let policy = stated(html).unwrap_or(PLAIN);
    format!("{}; {FRAMES}", policy.trim_end_matches(';'))
}

fn stated(html: &str) -> Option<&str> {
    let from = html.find("http-equiv=\"Content-Security-Policy\"")?;
    let element = html[from..].split('>').next()?;
    let policy = element.split_once("content=\"")?.1.split('"').next()?;
    // A header holds one line of plain characters.
    policy
        .bytes()
        .all(|byte| (b' '..=b'~').contains(&byte))
        .then_some(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_own_policy_is_used() {
        let page = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'self'; img-src data:\">";
        assert_eq!(
            of_page(page),
            "default-src 'self'; img-src data:; frame-ancestors 'none'"
        );
        assert!(of_page("<p>").starts_with("default-src 'self'"));
        let two_lines = page.replace("; ", ";\r\n");
        assert!(of_page(&two_lines).starts_with(PLAIN));
    }

    #[test]
    fn the_real_page_states_one() {
        let html = include_str!("../../../../index.html");
        assert!(of_page(html).contains("'wasm-unsafe-eval'"));
    }
}
