//! A mail's HTML as it is shown: cleaned, closed, and with all that it would have fetched put aside by number.
//!
//! Two passes. ammonia keeps what can neither act nor fetch, and writes markup that is whole. Over that a second
//! pass looks at one element at a time and writes what is shown: pictures without an address of their own, styles
//! as data (the page sets them, no policy has to let markup do it), history marked so that it can be folded.

use std::cell::RefCell;
use std::fmt::Write as _;

use html5ever::tokenizer::{
    CharacterTokens, EndTag, StartTag, Tag, TagToken, Token, TokenSink, TokenSinkResult,
};

use sha2::{Digest as _, Sha256};

use super::parse::parse;
use super::{history, html, quotes, style};

/// Pictures of one mail that can be asked for.
const PICTURES: usize = 200;
/// As wide and high as nobody sees.
const PIXEL: u32 = 2;

/// What is shown of a mail's HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// Markup with nothing in it that acts or fetches. A picture from elsewhere is `data-remote`, its place in
    /// `pictures`; one that came along is `data-cid`; a style is `data-style`; what is quoted is `data-history`.
    pub html: String,
    /// Whether the layout says more than its text does.
    pub formatted: bool,
    /// Whether it brings colours of its own, which a dark window must not be put under unseen.
    pub coloured: bool,
    pub has_history: bool,
    /// Addresses of pictures elsewhere, for whoever asks for them.
    pub pictures: Vec<String>,
    /// The hosts of pictures that only tell their sender that the mail was opened. They cannot be asked for.
    pub trackers: Vec<String>,
}

/// A file of the mail that its HTML names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inline {
    pub content_id: String,
    /// Lower-case hex SHA-256 of its content, as attachments are kept by.
    pub blob: String,
}

/// Reads a mail for the screen. None where there is no HTML to show.
pub fn of_mail(raw: &[u8]) -> Option<(Letter, Vec<Inline>)> {
    let mail = parse(raw).ok().filter(|mail| !mail.html.is_empty())?;
    let letter = read(&mail.html, quotes::is_forward(&mail.subject))?;
    let inline = mail.files.iter().filter(|file| file.inline).filter_map(|file| {
        let content_id = file.content_id.clone()?;
        Some(Inline { content_id, blob: hex::encode(Sha256::digest(&file.content)) })
    });
    Some((letter, inline.collect()))
}

/// Reads a mail's HTML for the screen. None where the markup is too large or too deep.
pub fn read(source: &str, is_forward: bool) -> Option<Letter> {
    html::is_sane(source).then(|| written(&history::fold(&tree(source), is_forward)))
}

/// Whole markup of what can neither act nor fetch.
fn tree(source: &str) -> String {
    let mut cleaner = ammonia::Builder::default();
    cleaner
        .add_tags(["font", "big"])
        .rm_tags(["area", "details", "map", "summary"])
        .add_clean_content_tags(["title", "template", "noscript", "iframe", "object", "svg", "math"])
        .add_generic_attributes(["style"])
        .add_generic_attributes(SHOWN.iter().filter(|name| **name != "href").copied())
        .url_schemes(["http", "https", "mailto", "tel", "cid", "data"].into())
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(None);
    cleaner.clean(source).to_string()
}

fn written(folded: &str) -> Letter {
    html::tokenize(folded, Sink(RefCell::new(Writer::default()))).0.into_inner().letter
}

struct Sink(RefCell<Writer>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut writer = self.0.borrow_mut();
        match token {
            CharacterTokens(words) => writer.words(&words),
            TagToken(tag) if tag.kind == StartTag => writer.opened(&tag),
            TagToken(tag) if tag.kind == EndTag => writer.closed(&tag.name),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[derive(Default)]
struct Writer {
    letter: Letter,
    /// How many folds are open around this place.
    folds: usize,
    /// Within the words of a fold, which the page has in the reader's language.
    in_summary: bool,
}

impl Writer {
    fn opened(&mut self, tag: &Tag) {
        match &*tag.name {
            // The tree has none but those that hide history.
            "details" => {
                self.folds += 1;
                self.letter.has_history = true;
                self.letter.html.push_str("<div data-history>");
            }
            "summary" => self.in_summary = true,
            "img" => self.picture(tag),
            name => {
                self.letter.formatted |= self.folds == 0 && is_layout(name);
                let _ = write!(self.letter.html, "<{name}");
                self.attributes(tag);
                self.letter.html.push('>');
            }
        }
    }

    fn closed(&mut self, name: &str) {
        match name {
            "details" => {
                self.folds = self.folds.saturating_sub(1);
                self.letter.html.push_str("</div>");
            }
            "summary" => self.in_summary = false,
            _ => {
                let _ = write!(self.letter.html, "</{name}>");
            }
        }
    }

    fn words(&mut self, words: &str) {
        if !self.in_summary {
            escape(words, &mut self.letter.html);
        }
    }

    fn picture(&mut self, tag: &Tag) {
        let source = attribute(tag, "src").unwrap_or_default().trim();
        let kept = if let Some(id) = source.strip_prefix("cid:") {
            Some(("data-cid", id.to_owned()))
        } else if is_picture_data(source) {
            Some(("src", source.to_owned()))
        } else if is_unseen(tag) {
            self.letter.trackers.extend(host(source));
            None
        } else {
            self.place(source).map(|place| ("data-remote", place.to_string()))
        };
        let Some((name, value)) = kept else { return };
        self.letter.formatted |= self.folds == 0;
        self.letter.html.push_str("<img");
        put(name, &value, &mut self.letter.html);
        self.attributes(tag);
        self.letter.html.push('>');
    }

    /// The number by which a picture elsewhere can be asked for.
    fn place(&mut self, address: &str) -> Option<usize> {
        host(address)?;
        if let Some(place) = self.letter.pictures.iter().position(|known| known == address) {
            return Some(place);
        }
        (self.letter.pictures.len() < PICTURES).then(|| {
            self.letter.pictures.push(address.to_owned());
            self.letter.pictures.len() - 1
        })
    }

    fn attributes(&mut self, tag: &Tag) {
        for attribute in &tag.attrs {
            let (name, value) = (&*attribute.name.local, &*attribute.value);
            match name {
                "style" => {
                    let kept = style::kept(value);
                    self.letter.coloured |= style::has_colour(&kept);
                    if !kept.is_empty() {
                        put("data-style", &kept, &mut self.letter.html);
                    }
                }
                "href" if !goes_out(value) => {}
                _ if SHOWN.contains(&name) => {
                    self.letter.coloured |= matches!(name, "bgcolor" | "color");
                    put(name, value, &mut self.letter.html);
                }
                _ => {}
            }
        }
    }
}

/// Attributes that only say how something looks, and where a link goes.
const SHOWN: &[&str] = &[
    "href",
    "alt",
    "title",
    "dir",
    "lang",
    "align",
    "valign",
    "width",
    "height",
    "border",
    "bgcolor",
    "color",
    "face",
    "size",
    "cellpadding",
    "cellspacing",
    "colspan",
    "rowspan",
    "span",
    "start",
    "reversed",
    "nowrap",
    "datetime",
];

/// What a text shows less of.
fn is_layout(name: &str) -> bool {
    matches!(
        name,
        "a" | "b"
            | "strong"
            | "u"
            | "s"
            | "strike"
            | "del"
            | "mark"
            | "em"
            | "i"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "hr"
            | "ul"
            | "ol"
            | "dl"
            | "table"
            | "pre"
            | "code"
            | "sub"
            | "sup"
    )
}

/// Too small to be seen, or hidden: there only to be fetched.
fn is_unseen(tag: &Tag) -> bool {
    let said = attribute(tag, "style").unwrap_or_default();
    let length = |name: &str| {
        let own = attribute(tag, name).and_then(pixels);
        style::value(said, name).and_then(pixels).or(own)
    };
    let small = |name| length(name).is_some_and(|length| length <= PIXEL);
    let hidden =
        style::value(said, "display") == Some("none") || style::value(said, "visibility") == Some("hidden");
    hidden || (small("width") && small("height"))
}

fn pixels(length: &str) -> Option<u32> {
    let length = length.trim().trim_end_matches("!important").trim();
    length.strip_suffix("px").unwrap_or(length).trim().parse::<f32>().ok().map(|length| length as u32)
}

/// Where an address goes, if it can be fetched at all.
pub fn host(address: &str) -> Option<String> {
    let address = reqwest::Url::parse(address).ok()?;
    let fetched = matches!(address.scheme(), "http" | "https");
    address.host_str().filter(|_| fetched).map(str::to_owned)
}

fn goes_out(address: &str) -> bool {
    let scheme = address.trim().split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https" | "mailto" | "tel"))
}

/// A picture within the markup itself. Not SVG, which is a document.
fn is_picture_data(source: &str) -> bool {
    let data = source.get(..32).unwrap_or(source).to_ascii_lowercase();
    ["png", "jpeg", "jpg", "gif", "webp"]
        .iter()
        .any(|kind| data.starts_with(&format!("data:image/{kind};base64,")))
}

fn attribute<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    tag.attrs.iter().find(|a| &*a.name.local == name).map(|a| &*a.value)
}

fn put(name: &str, value: &str, out: &mut String) {
    let _ = write!(out, " {name}=\"");
    escape(value, out);
    out.push('"');
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{a0}' => out.push_str("&nbsp;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> Letter {
        read(source, false).expect("small and flat")
    }

    #[test]
    fn nothing_that_acts_or_fetches_is_left_however_it_is_written() {
        let ways = [
            "<script src=//spy.example/a.js></script>",
            "<img src=//spy.example/a.gif>",
            "<img srcset='https://spy.example/a.png 2x'>",
            "<link rel=stylesheet href=https://spy.example/a.css><link rel=prefetch href=https://spy.example/b>",
            "<style>@import 'https://spy.example/a.css'; p { background: url(https://spy.example/b) }</style>",
            "<p style='background:url(https://spy.example/c)'>a</p>",
            "<p style='background-image:u\\72l(https://spy.example/c)'>a</p>",
            "<p style=\"list-style:image-set('https://spy.example/c' 1x)\">a</p>",
            "<table background=https://spy.example/d><tr><td background=https://spy.example/e>a</table>",
            "<svg><image href=https://spy.example/f></image><script>spy.example</script></svg>",
            "<math><mtext><img src=x onerror='spy.example'></mtext></math>",
            "<meta http-equiv=refresh content='0;url=https://spy.example'>",
            "<base href=https://spy.example/><a href=x>a</a>",
            "<iframe src=https://spy.example></iframe><iframe srcdoc='<img src=https://spy.example>'></iframe>",
            "<video poster=https://spy.example/g src=https://spy.example/h><source src=https://spy.example/i></video>",
            "<audio src=https://spy.example autoplay></audio><object data=https://spy.example></object><embed src=https://spy.example>",
            "<form action=https://spy.example><input type=image src=https://spy.example/j><button formaction=https://spy.example>",
            "<a href='javascript:spy.example()'>a</a><a href='data:text/html,spy.example'>b</a><a href='vbscript:spy.example'>",
            "<a ping=https://spy.example href=https://good.example>a</a>",
            "<img src=x onerror=\"fetch('https://spy.example')\">",
            "<noscript><p title='</noscript><img src=x onerror=spy.example>'></noscript>",
            "<template><img src=https://spy.example/k></template>",
            "<blockquote cite=https://spy.example>a</blockquote>",
            "<img src='data:image/svg+xml;base64,spy.example'>",
        ];
        for way in ways {
            let letter = shown(way);
            assert!(!letter.html.contains("spy.example"), "{way} gives {}", letter.html);
            assert!(
                !letter.html.contains("onerror=\"") && !letter.html.contains("<script"),
                "{}",
                letter.html
            );
        }
    }

    #[test]
    fn a_picture_elsewhere_is_a_number_until_somebody_asks_for_it() {
        let letter = shown(
            "<img src=https://shop.example/a.png alt=Shoes width=300><img src=https://shop.example/b.png>\
             <img src=https://shop.example/a.png><img src='cid:logo@x'><img src='data:image/png;base64,AAAA'>",
        );
        assert_eq!(letter.pictures, ["https://shop.example/a.png", "https://shop.example/b.png"]);
        assert_eq!(
            letter.html,
            "<img data-remote=\"0\" alt=\"Shoes\" width=\"300\"><img data-remote=\"1\"><img data-remote=\"0\">\
             <img data-cid=\"logo@x\"><img src=\"data:image/png;base64,AAAA\">"
        );
        assert!(letter.formatted && letter.trackers.is_empty());
    }

    #[test]
    fn a_picture_that_nobody_would_see_is_named_and_cannot_be_asked_for() {
        for pixel in [
            "<img src=https://t.spy.example/o.gif width=1 height=1>",
            "<img src=https://t.spy.example/o.gif width='0' height='1px'>",
            "<img src=https://t.spy.example/o.gif style='width:1px; height: 1px !important'>",
            "<img src=https://t.spy.example/o.gif style='display:none'>",
            "<img src=https://t.spy.example/o.gif width=600 style='visibility : hidden'>",
        ] {
            let letter = shown(&format!("Hello{pixel}"));
            assert_eq!(
                (letter.html.as_str(), letter.trackers.join(" ")),
                ("Hello", "t.spy.example".into()),
                "{pixel}"
            );
            assert!(letter.pictures.is_empty() && !letter.formatted);
        }
        assert!(shown("<img src=https://a.example/rule.gif width=600 height=1>").trackers.is_empty());
    }

    #[test]
    fn history_is_marked_and_new_words_are_not() {
        let letter = shown(
            "<p>New</p><div>On 3 May 2026, Ada &lt;ada@x.example&gt; wrote:</div><blockquote>Old <b>words</b></blockquote>",
        );
        let (before, history) = letter.html.split_once("<div data-history>").expect("there is history");
        assert!(
            before.contains("New") && !before.contains("Old") && history.contains("Old"),
            "{}",
            letter.html
        );
        assert!(
            letter.has_history && !letter.formatted && !letter.html.contains("details"),
            "{}",
            letter.html
        );
        assert!(
            !shown("<blockquote>As Goethe says</blockquote>").has_history,
            "something must be left to read"
        );
    }

    #[test]
    fn words_alone_are_no_layout_and_colours_are_told() {
        let plain = shown("<div dir=ltr>Hello<br><span style='font-size:11pt'>you</span></div>");
        assert!(!plain.formatted && !plain.coloured);
        assert!(plain.html.contains("data-style=\"font-size:11pt\""), "{}", plain.html);
        assert!(shown("<td bgcolor=#fff>a</td><p style='background:#eee'>b").coloured);
        assert!(shown("<b>Hello</b>").formatted && shown("<table><tr><td>1</td></tr></table>").formatted);
    }
}
