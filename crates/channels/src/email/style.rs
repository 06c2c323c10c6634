//! Styles of single elements in a mail: what says how something looks is kept, what could fetch, move or cover
//! something is not.

/// Characters of a value that is kept.
const LONGEST: usize = 200;

/// What names an address, hides what it says or reaches out of its element.
const REFUSED: &[&str] =
    &["url", "image", "expression", "script", "attr(", "var(", "env(", "\\", "@", "/*", "<", ">", "{", "}"];

#[rustfmt::skip]
const KEPT: &[&str] = &[
    "color", "background", "background-color", "direction", "display", "float", "clear", "opacity", "visibility",
    "font", "font-family", "font-size", "font-style", "font-variant", "font-weight", "letter-spacing", "line-height",
    "text-align", "text-decoration", "text-decoration-line", "text-decoration-color", "text-decoration-style",
    "text-indent", "text-transform", "vertical-align", "white-space", "word-break", "word-wrap", "overflow-wrap",
    "word-spacing", "width", "min-width", "max-width", "height", "min-height", "max-height", "box-sizing",
    "border-collapse", "border-spacing", "table-layout", "caption-side", "empty-cells", "list-style", "list-style-type",
    "list-style-position",
];

/// Whole families of properties.
const KEPT_FAMILIES: &[&str] = &["margin", "padding", "border"];

/// The declarations that are kept, one behind the other.
pub fn kept(style: &str) -> String {
    let kept = declarations(style).filter(|(name, value)| is_kept(name) && is_harmless(value));
    kept.map(|(name, value)| format!("{name}:{value}")).collect::<Vec<_>>().join(";")
}

/// Whether it says which colour something has, other than that the window decides.
pub fn has_colour(style: &str) -> bool {
    declarations(style).any(|(name, value)| {
        let value = value.to_ascii_lowercase();
        matches!(name.as_str(), "color" | "background" | "background-color")
            && !matches!(
                &*value,
                "inherit" | "transparent" | "initial" | "unset" | "none" | "currentcolor" | "windowtext"
            )
    })
}

/// What is said of one property, the last time that it is.
pub fn value<'a>(style: &'a str, property: &str) -> Option<&'a str> {
    let last = declarations(style).filter(|(name, _)| name == property).last();
    last.map(|(_, value)| value.trim_end_matches("!important").trim())
}

fn declarations(style: &str) -> impl Iterator<Item = (String, &str)> {
    style.split(';').filter_map(|declaration| {
        let (name, value) = declaration.split_once(':')?;
        Some((name.trim().to_ascii_lowercase(), value.trim()))
    })
}

fn is_kept(name: &str) -> bool {
    let family = name.split('-').next().unwrap_or_default();
    KEPT.contains(&name) || KEPT_FAMILIES.contains(&family) && !name.contains("image")
}

fn is_harmless(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    !value.is_empty()
        && value.chars().count() <= LONGEST
        && !value.chars().any(char::is_control)
        && !REFUSED.iter().any(|refused| lower.contains(refused))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_how_something_looks_is_kept_and_what_could_do_something_is_not() {
        for (style, expected) in [
            ("Color: red; MARGIN-top: 3px", "color:red;margin-top:3px"),
            ("background: #fff url(https://a.example/b.png)", ""),
            ("position:fixed;top:0;z-index:9", ""),
            ("width:ex/**/pression(alert(1))", ""),
            ("background-image: none; border-image: none", ""),
            ("color: u\\72l(x)", ""),
            ("behavior:url(x);-moz-binding:url(x);content:'x'", ""),
            ("font-family:'Segoe UI', Arial", "font-family:'Segoe UI', Arial"),
            ("mso-line-height-rule:exactly;line-height:20px", "line-height:20px"),
        ] {
            assert_eq!(kept(style), expected, "{style}");
        }
    }

    #[test]
    fn a_colour_is_one_that_the_mail_chose() {
        assert!(has_colour("color:#333") && has_colour("background:white"));
        assert!(!has_colour("color:inherit;background:transparent") && !has_colour("border-color:red"));
    }
}
