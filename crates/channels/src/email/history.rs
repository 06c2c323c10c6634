//! Quoted history and signatures folded away in cleaned HTML: each run of them in a `<details>` of its
//! own, in its place, opened without any script.
//!
//! What is history is decided by [`quotes`] for the lines that the markup shows, as it is for plain text:
//! by what mail programs write rather than by their class names, so that words between quotations are
//! always seen. The input is what the cleaner wrote, so it is well formed.

use super::html::breaks_around;
use super::quotes;

const OPEN: &str = "<details><summary>…</summary>";
const CLOSE: &str = "</details>";

/// The HTML with its history folded, or as it is where there is none or nothing else.
pub fn fold(clean: &str, is_forward: bool) -> String {
    let mut page = Page::default();
    let nodes = page.read(clean);
    let lines: Vec<&str> = page.lines.iter().map(String::as_str).collect();
    let folded = quotes::folded(&lines, is_forward);
    let said = lines.iter().zip(&folded).any(|(line, folded)| !folded && !line.trim().is_empty());
    if !said || !folded.contains(&true) {
        return clean.to_owned();
    }
    let mut marks = Vec::new();
    wrap(&nodes, &folded, &mut marks);
    let (mut out, mut from) = (String::with_capacity(clean.len() + marks.len() * OPEN.len()), 0);
    for (at, mark) in marks {
        out.push_str(&clean[from..at]);
        out.push_str(mark);
        from = at;
    }
    out + &clean[from..]
}

/// An element, or a piece of text or a picture on one line.
#[derive(Debug)]
struct Node<'a> {
    name: &'a str,
    start: usize,
    end: usize,
    line: Option<usize>,
    children: Vec<Node<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Nothing to see: spaces, line breaks, empty elements.
    Nothing,
    Folded,
    Said,
    Both,
}

impl Node<'_> {
    fn look(&self, folded: &[bool]) -> Look {
        let own =
            self.line.map_or(Look::Nothing, |line| if folded[line] { Look::Folded } else { Look::Said });
        self.children.iter().map(|child| child.look(folded)).fold(own, |all, one| match (all, one) {
            (all, Look::Nothing) => all,
            (Look::Nothing, one) => one,
            (all, one) if all == one => all,
            _ => Look::Both,
        })
    }
}

/// Notes where folds begin and end among nodes side by side; looks into those that are both.
fn wrap(nodes: &[Node<'_>], folded: &[bool], marks: &mut Vec<(usize, &'static str)>) {
    let mut run: Option<(usize, usize)> = None;
    let close = |run: &mut Option<(usize, usize)>, marks: &mut Vec<(usize, &'static str)>| {
        if let Some((start, end)) = run.take() {
            marks.extend([(start, OPEN), (end, CLOSE)]);
        }
    };
    for node in nodes {
        match node.look(folded) {
            Look::Folded => run = Some((run.map_or(node.start, |(start, _)| start), node.end)),
            Look::Nothing => {}
            Look::Said => close(&mut run, marks),
            Look::Both => {
                close(&mut run, marks);
                // A fold can stand between paragraphs, not between cells or points of a list.
                if !matches!(node.name, "table" | "thead" | "tbody" | "tfoot" | "tr" | "ul" | "ol" | "dl") {
                    wrap(&node.children, folded, marks);
                } else {
                    node.children.iter().for_each(|child| wrap(&child.children, folded, marks));
                }
            }
        }
    }
    close(&mut run, marks);
}

/// The lines that markup shows, as mail writes them.
#[derive(Default)]
struct Page {
    lines: Vec<String>,
    breaks: usize,
    space: bool,
    quotes: usize,
    pre: usize,
}

impl Page {
    fn read<'a>(&mut self, clean: &'a str) -> Vec<Node<'a>> {
        let mut open: Vec<Node<'a>> =
            vec![Node { name: "", start: 0, end: 0, line: None, children: Vec::new() }];
        let mut at = 0;
        while at < clean.len() {
            let end = if clean[at..].starts_with('<') {
                tag_end(clean, at)
            } else {
                text_end(clean, at, self.pre > 0)
            };
            let piece = &clean[at..end];
            if let Some(name) = piece.strip_prefix("</") {
                self.closed(name.trim_end_matches('>'));
                if open.len() > 1
                    && let Some(mut node) = open.pop()
                {
                    node.end = end;
                    push(&mut open, node);
                }
            } else if let Some(tag) = piece.strip_prefix('<') {
                let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
                let line = self.opened(name);
                let node = Node { name, start: at, end, line, children: Vec::new() };
                if is_void(name) { push(&mut open, node) } else { open.push(node) }
            } else {
                let line = self.words(piece);
                push(&mut open, Node { name: "", start: at, end, line, children: Vec::new() });
            }
            at = end;
        }
        while open.len() > 1 {
            let Some(mut node) = open.pop() else { break };
            node.end = clean.len();
            push(&mut open, node);
        }
        open.pop().map(|root| root.children).unwrap_or_default()
    }

    fn opened(&mut self, name: &str) -> Option<usize> {
        self.breaks = self.breaks.max(breaks_around(name));
        match name {
            "br" => self.breaks = (self.breaks + 1).min(2),
            "hr" => self.breaks = 2,
            "blockquote" => self.quotes += 1,
            "pre" => self.pre += 1,
            "img" => return Some(self.write("\u{fffc}")),
            _ => {}
        }
        None
    }

    fn closed(&mut self, name: &str) {
        match name {
            "blockquote" => self.quotes = self.quotes.saturating_sub(1),
            "pre" => self.pre = self.pre.saturating_sub(1),
            _ => {}
        }
        self.breaks = self.breaks.max(breaks_around(name));
    }

    fn words(&mut self, escaped: &str) -> Option<usize> {
        let text =
            escaped.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        let words: Vec<&str> = text
            .split(|c: char| c.is_whitespace() || c == '\u{200b}' || c == '\u{feff}')
            .filter(|w| !w.is_empty())
            .collect();
        self.space |= text.starts_with(char::is_whitespace);
        let line = (!words.is_empty()).then(|| self.write(&words.join(" ")));
        self.space |= text.ends_with(char::is_whitespace);
        if self.pre > 0 && text.ends_with('\n') {
            self.breaks = (self.breaks + 1).min(2);
        }
        line
    }

    /// Puts words on the line that they stand on, and says which it is.
    fn write(&mut self, words: &str) -> usize {
        let starts = self.breaks > 0 || self.lines.is_empty();
        if self.breaks > 1 && !self.lines.is_empty() {
            self.lines.push(String::new());
        }
        if starts {
            let space = if self.quotes > 0 { " " } else { "" };
            self.lines.push(">".repeat(self.quotes.min(20)) + space);
        }
        let line = self.lines.len() - 1;
        if !starts && self.space {
            self.lines[line].push(' ');
        }
        self.lines[line].push_str(words);
        (self.breaks, self.space) = (0, false);
        line
    }
}

fn push<'a>(open: &mut [Node<'a>], node: Node<'a>) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(node);
    }
}

/// Where the tag that begins here ends; signs within quotes are of its values.
fn tag_end(clean: &str, at: usize) -> usize {
    let mut in_quotes = false;
    for (n, b) in clean.bytes().enumerate().skip(at) {
        match b {
            b'"' => in_quotes = !in_quotes,
            b'>' if !in_quotes => return n + 1,
            _ => {}
        }
    }
    clean.len()
}

/// Where the text that begins here ends, or its line where lines count.
fn text_end(clean: &str, at: usize, by_line: bool) -> usize {
    let text = &clean[at..];
    let end = text.find('<').unwrap_or(text.len());
    let line = text[..end].find('\n').filter(|_| by_line).map_or(end, |n| n + 1);
    at + line
}

fn is_void(name: &str) -> bool {
    matches!(name, "area" | "br" | "col" | "hr" | "img" | "wbr")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_is_folded_where_it_stands_and_words_between_are_seen() {
        let cup = "<p>A cup.</p>";
        let wrote = "<div>On 3 May 2026, Desk &lt;a@b.example&gt; wrote:</div>";
        let quote = format!("{wrote}<blockquote>{cup}</blockquote>");
        let cases = [
            (format!("<p>Yes</p>{quote}"), format!("<p>Yes</p>{OPEN}{quote}{CLOSE}")),
            (format!("{quote}<p>Yes</p>"), format!("{OPEN}{quote}{CLOSE}<p>Yes</p>")),
            (
                format!("<div><p>Yes</p><br>{quote}</div>"),
                format!("<div><p>Yes</p><br>{OPEN}{quote}{CLOSE}</div>"),
            ),
            (quote.clone(), quote.clone()),
            ("<p>Yes</p>".to_owned(), "<p>Yes</p>".to_owned()),
            (
                "<pre>Yes\n\nOn 3 May 2026, a@b.example wrote:\n&gt; cup\n</pre>".to_owned(),
                format!("<pre>Yes\n\n{OPEN}On 3 May 2026, a@b.example wrote:\n&gt; cup\n{CLOSE}</pre>"),
            ),
        ];
        for (html, expected) in cases {
            assert_eq!(fold(&html, false), expected);
        }
        let between = "<blockquote>Tea?</blockquote><p>Yes</p><blockquote>Milk?</blockquote><p>No</p>";
        assert_eq!(fold(between, false), between);
    }
}
