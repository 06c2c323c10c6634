//! HTML from outside, made readable as text and safe to show. Never fetches anything.
//!
//! The text is written straight from html5ever's tokens: no tree is built, so neither nesting nor
//! broken markup can hurt it, and no layout for terminals gets into what people said. The tree that
//! the cleaner needs is only built for markup of sane depth.

use std::borrow::Cow;
use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{Rawtext, Rcdata, ScriptData};
use html5ever::tokenizer::{
    BufferQueue, CharacterTokens, StartTag, Tag, TagToken, Token, TokenSink, TokenSinkResult, Tokenizer,
};

/// Elements open at once beyond which markup is not built into a tree: browsers stop near 500.
const DEEPEST: usize = 300;
/// Elements that the tree may get beyond those written: a `<b>` that is not closed is opened again in
/// every paragraph after it, so that a few kilobytes could become gigabytes.
const REOPENED: usize = 1_000_000;
/// Bytes of HTML beyond which only the text is given.
const SAFE_HTML_BYTES: usize = 2 * 1024 * 1024;
/// Bytes of HTML read for its text.
const TEXT_HTML_BYTES: usize = 8 * 1024 * 1024;

/// HTML that can be shown in a closed frame: no script, no form, no address fetched on opening.
/// `None` where the markup is too large or too deep to be cleaned; its text is still given.
pub fn safe(html: &str) -> Option<String> {
    if !is_sane(html) {
        return None;
    }
    let mut cleaner = ammonia::Builder::default();
    cleaner
        .url_schemes(["http", "https", "mailto", "tel", "cid"].into())
        .url_relative(ammonia::UrlRelative::Deny)
        .add_clean_content_tags(["title"])
        // Folds are ours: see `history`.
        .rm_tags(["details", "summary"])
        .link_rel(Some("noopener noreferrer nofollow"))
        .attribute_filter(|element, attribute, value| match (element, attribute) {
            // A remote picture tells its sender when and where the mail was opened.
            ("img", "src") if !value.starts_with("cid:") => None,
            _ => Some(Cow::Borrowed(value)),
        });
    Some(cleaner.clean(html).to_string().trim().to_owned())
}

/// Whether markup is of a size and depth that a tree can be built of.
pub(super) fn is_sane(html: &str) -> bool {
    if html.len() > SAFE_HTML_BYTES {
        return false;
    }
    let writer = read(html, true);
    writer.deepest <= DEEPEST && writer.reopened <= REOPENED
}

/// The words of an HTML mail, in paragraphs, with quotations marked by `>` as mail does.
pub fn text(html: &str) -> String {
    let visible = read(html, true).finish();
    // Markup that hides everything by mistake must not hide what was said.
    if visible.is_empty() { read(html, false).finish() } else { visible }
}

fn read(html: &str, hide: bool) -> Writer {
    let sink = Sink(RefCell::new(Writer { hide, ..Writer::default() }));
    tokenize(&html[..html.floor_char_boundary(TEXT_HTML_BYTES)], sink).0.into_inner()
}

/// Hands the sink every token of it, and the sink back.
pub(super) fn tokenize<S: TokenSink>(html: &str, sink: S) -> S {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let tokenizer = Tokenizer::new(sink, Default::default());
    // `feed` pauses after scripts; nothing runs here, so it is simply fed on.
    while !input.is_empty() {
        let _ = tokenizer.feed(&input);
    }
    tokenizer.end();
    tokenizer.sink
}

struct Sink(RefCell<Writer>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut writer = self.0.borrow_mut();
        match token {
            CharacterTokens(words) => writer.words(&words),
            TagToken(tag) if tag.kind == StartTag => {
                writer.opened(&tag);
                return match &*tag.name {
                    "script" => TokenSinkResult::RawData(ScriptData),
                    "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(Rawtext),
                    "title" | "textarea" => TokenSinkResult::RawData(Rcdata),
                    _ => TokenSinkResult::Continue,
                };
            }
            TagToken(tag) => writer.closed(&tag.name),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Line breaks owed before the next word.
    breaks: usize,
    /// A space is owed before the next word.
    space: bool,
    quotes: usize,
    quotes_above: usize,
    pre: usize,
    lists: Vec<Option<usize>>,
    link: Option<(String, usize)>,
    /// The element being passed over, and how many of its name are open.
    hidden: Option<(String, usize)>,
    hide: bool,
    open: usize,
    deepest: usize,
    /// How many of each of [`FORMATTING`] are not closed.
    formatting: [usize; FORMATTING.len()],
    reopened: usize,
}

/// What is opened again where it was not closed.
const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

impl Writer {
    fn opened(&mut self, tag: &Tag) {
        let name = &*tag.name;
        self.reopened = self.reopened.saturating_add(self.formatting.iter().sum());
        if let Some(n) = FORMATTING.iter().position(|f| *f == name) {
            self.formatting[n] += 1;
        }
        if !ends_by_itself(name) {
            self.open += 1;
            self.deepest = self.deepest.max(self.open);
        }
        if let Some((hidden, count)) = &mut self.hidden {
            // The next paragraph ends a paragraph whose end tag was left out.
            if hidden != name || !ends_by_itself(name) {
                *count += usize::from(hidden == name);
                return;
            }
            self.hidden = None;
        }
        if !is_void(name) && self.is_hidden(tag) {
            self.hidden = Some((name.to_owned(), 1));
            return;
        }
        self.owe(breaks_around(name));
        match name {
            "br" => self.breaks = (self.breaks + 1).min(2),
            "hr" => self.breaks = 2,
            "blockquote" => self.quotes = (self.quotes + 1).min(20),
            "pre" => self.pre += 1,
            "ul" => self.lists.push(None),
            "ol" => self.lists.push(Some(0)),
            "li" => self.bullet(),
            "td" | "th" => self.space = true,
            "a" => self.link = attribute(tag, "href").map(|href| (href, self.out.len())),
            "img" => {
                if let Some(alt) = attribute(tag, "alt") {
                    self.words(&alt);
                }
            }
            _ => {}
        }
    }

    fn closed(&mut self, name: &str) {
        self.reopened = self.reopened.saturating_add(self.formatting.iter().sum());
        if let Some(n) = FORMATTING.iter().position(|f| *f == name) {
            self.formatting[n] = self.formatting[n].saturating_sub(1);
        }
        if !ends_by_itself(name) {
            self.open = self.open.saturating_sub(1);
        }
        if let Some((hidden, count)) = &mut self.hidden {
            *count -= usize::from(hidden == name);
            if *count == 0 {
                self.hidden = None;
            }
            return;
        }
        match name {
            "blockquote" => self.quotes = self.quotes.saturating_sub(1),
            "pre" => self.pre = self.pre.saturating_sub(1),
            "ul" | "ol" => {
                self.lists.pop();
            }
            "a" => self.link_target(),
            _ => {}
        }
        self.owe(breaks_around(name));
    }

    fn is_hidden(&self, tag: &Tag) -> bool {
        let never_shown =
            matches!(&*tag.name, "script" | "style" | "title" | "iframe" | "noembed" | "noframes" | "xmp");
        never_shown
            || self.hide
                && attribute(tag, "style").is_some_and(|s| {
                    let s: String = s.chars().filter(|c| !c.is_whitespace()).collect();
                    s.to_ascii_lowercase().contains("display:none")
                })
    }

    fn words(&mut self, words: &str) {
        if self.hidden.is_some() {
            return;
        }
        for c in words.chars() {
            match c {
                '\u{200b}' | '\u{200c}' | '\u{feff}' | '\u{34f}' | '\u{ad}' | '\r' => {}
                '\n' if self.pre > 0 => self.breaks = (self.breaks + 1).min(2),
                ' ' | '\t' if self.pre > 0 && self.breaks == 0 => self.out.push(c),
                c if c.is_whitespace() => self.space = true,
                c if c.is_control() => {}
                c => self.letter(c),
            }
        }
    }

    fn letter(&mut self, c: char) {
        if self.out.is_empty() {
            self.start_line();
        } else if self.breaks > 0 {
            self.break_lines();
        } else if self.space && !self.out.ends_with([' ', '\n']) {
            self.out.push(' ');
        }
        (self.breaks, self.space, self.quotes_above) = (0, false, self.quotes);
        self.out.push(c);
    }

    fn break_lines(&mut self) {
        self.out.truncate(self.out.trim_end_matches([' ', '\t']).len());
        self.out.push('\n');
        if self.breaks > 1 {
            let between = self.quotes.min(self.quotes_above);
            self.out.extend(std::iter::repeat_n('>', between));
            self.out.push('\n');
        }
        self.start_line();
    }

    fn start_line(&mut self) {
        self.out.extend(std::iter::repeat_n('>', self.quotes));
        if self.quotes > 0 {
            self.out.push(' ');
        }
    }

    fn owe(&mut self, breaks: usize) {
        self.breaks = self.breaks.max(breaks);
    }

    fn bullet(&mut self) {
        match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                let number = format!("{number}.");
                self.words(&number);
            }
            _ => self.words("-"),
        }
        self.space = true;
    }

    /// Writes where a link goes, unless its words say so already.
    fn link_target(&mut self) {
        let Some((href, start)) = self.link.take() else { return };
        let label = self.out.get(start..).unwrap_or_default();
        let bare = href.trim_start_matches("mailto:").trim_end_matches('/');
        let goes_out = ["http://", "https://", "mailto:", "tel:"].iter().any(|s| href.starts_with(s));
        if goes_out && !bare.is_empty() && !label.trim().is_empty() && !label.contains(bare) {
            self.space = true;
            self.words(&format!("<{bare}>"));
        }
    }

    fn finish(mut self) -> String {
        self.out.truncate(self.out.trim_end().len());
        self.out
    }
}

fn attribute(tag: &Tag, name: &str) -> Option<String> {
    let found = tag.attrs.iter().find(|a| &*a.name.local == name)?;
    Some(found.value.trim().to_owned()).filter(|v| !v.is_empty())
}

/// Line breaks before and after an element.
pub(super) fn breaks_around(name: &str) -> usize {
    match name {
        "p" | "blockquote" | "pre" | "ul" | "ol" | "dl" | "table" | "h1" | "h2" | "h3" | "h4" | "h5"
        | "h6" => 2,
        "div" | "li" | "tr" | "dt" | "dd" | "address" | "section" | "article" | "header" | "footer"
        | "main" | "aside" | "nav" | "figure" | "figcaption" | "form" | "fieldset" | "center" | "caption"
        | "body" => 1,
        _ => 0,
    }
}

pub(super) fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

/// Void elements, and those whose end tag may be left out and commonly is.
fn ends_by_itself(name: &str) -> bool {
    is_void(name)
        || matches!(
            name,
            "p" | "li"
                | "dt"
                | "dd"
                | "td"
                | "th"
                | "tr"
                | "option"
                | "html"
                | "head"
                | "body"
                | "tbody"
                | "thead"
                | "tfoot"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_reads_as_a_person_would_have_typed_it() {
        let cases = [
            ("<p>Hello &amp; welcome</p><p>Second\n line</p>", "Hello & welcome\n\nSecond line"),
            ("One<br>two<div>three</div>four", "One\ntwo\nthree\nfour"),
            ("<ul><li>tea</li><li>milk</li></ul><ol><li>a<li>b</ol>", "- tea\n- milk\n\n1. a\n2. b"),
            (
                "<a href='https://a.example/x'>here</a>, <a href='mailto:b@c.example'>b@c.example</a>",
                "here <https://a.example/x>, b@c.example",
            ),
            (
                "Yes<blockquote><p>was it?</p><p>so</p><blockquote>old</blockquote></blockquote>",
                "Yes\n\n> was it?\n>\n> so\n>\n>> old",
            ),
            (
                "<title>No</title><style>p{}</style><script>x<y</script><p style='display: none'>pixel</p>Text",
                "Text",
            ),
            ("<div style='display:none'>all of it</div>", "all of it"),
            (
                "<table><tr><td>Order</td><td>17</td></tr><tr><td>Sum</td><td>9 €</td></tr></table>",
                "Order 17\nSum 9 €",
            ),
            ("a <b>bold</b>, <i>word</i>&nbsp;<img alt='logo' src=x>", "a bold, word logo"),
            ("", ""),
            ("<", "<"),
        ];
        for (html, expected) in cases {
            assert_eq!(text(html), expected, "{html}");
        }
    }

    #[test]
    fn what_can_act_or_call_home_is_cleaned_away_and_words_stay() {
        let html = "<title>t</title><p onclick=x()>Hi <a href='javascript:x()'>a</a> <a href='/rel'>b</a></p>\
                    <img src='https://spy.example/1.gif'><img src='cid:logo' alt=L><form action=x><input></form><style>*{}</style>";
        let safe = safe(html).expect("small and flat");
        for bad in ["onclick", "javascript", "/rel", "spy", "<form", "<input", "<style", "<title"] {
            assert!(!safe.contains(bad), "{bad} in {safe}");
        }
        assert!(safe.contains("Hi") && safe.contains("cid:logo"), "{safe}");
    }

    #[test]
    fn markup_too_deep_for_a_tree_still_gives_its_text() {
        let html = format!("{}deep", "<div>".repeat(100_000));
        assert_eq!(safe(&html), None);
        assert_eq!(text(&html), "deep");
    }
}
