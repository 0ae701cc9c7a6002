//! The colours of Okabe and Ito ("Color universal design", 2008), which are distinguishable with common
//! colour vision deficiencies.

/// A colour of a mark. Its value follows the page's colour scheme, see [`crate::THEME_CSS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Hue {
    /// The text colour, for actual values.
    Ink,
    /// The dense model.
    Blue,
    /// The pruned model.
    Vermillion,
    Green,
    Purple,
    /// Secondary, for comparison only.
    Grey,
}

impl Hue {
    /// For lines and areas.
    pub fn css(self) -> &'static str {
        match self {
            Self::Ink => "var(--spat-ink,#1d2329)",
            Self::Blue => "var(--spat-blue,#0072b2)",
            Self::Vermillion => "var(--spat-vermillion,#d55e00)",
            Self::Green => "var(--spat-green,#009e73)",
            Self::Purple => "var(--spat-purple,#cc79a7)",
            Self::Grey => "var(--spat-grey,#8a9099)",
        }
    }

    /// For text: dark enough to read on a light page.
    pub fn text_css(self) -> &'static str {
        match self {
            Self::Ink => "var(--spat-ink,#1d2329)",
            Self::Blue => "var(--spat-blue-text,#0067a1)",
            Self::Vermillion => "var(--spat-vermillion-text,#a84a00)",
            Self::Green => "var(--spat-green-text,#00704f)",
            Self::Purple => "var(--spat-purple-text,#934570)",
            Self::Grey => "var(--spat-grey-text,#5d646d)",
        }
    }
}
