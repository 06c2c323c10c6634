//! Parameters of a Content-Type or Content-Disposition field, for the names of files: RFC 2231 pieces
//! joined before they are decoded, encoded words where they may not be, bytes of no known charset.

use super::{charset, words};

struct Parameter {
    name: String,
    /// Its place among the pieces of one value.
    piece: u32,
    /// Percent-coded, the first piece with charset and language before it.
    extended: bool,
    value: Vec<u8>,
}

/// The decoded value of the parameter, as text.
pub fn value(field: &[u8], name: &str) -> Option<String> {
    let all = parameters(field);
    let mut pieces: Vec<&Parameter> = all.iter().filter(|p| p.name == name).collect();
    let plain = pieces.iter().position(|p| !p.extended && p.piece == u32::MAX).map(|n| pieces.remove(n));
    if pieces.is_empty() {
        let value = &plain?.value;
        return Some(words::decode(value)).filter(|v| !v.is_empty());
    }
    // `name*=` is the whole and comes before pieces, should a field have both.
    pieces.sort_by_key(|p| p.piece);
    if let Some(whole) = pieces.iter().find(|p| p.piece == u32::MAX) {
        pieces = vec![whole];
    }
    let (mut label, mut bytes) = (None, Vec::new());
    for (n, piece) in pieces.iter().enumerate() {
        let mut value = piece.value.as_slice();
        if piece.extended && n == 0 {
            let mut marks = value.splitn(3, |&b| b == b'\'');
            if let (Some(charset), Some(_), Some(rest)) = (marks.next(), marks.next(), marks.next()) {
                label = std::str::from_utf8(charset).ok().filter(|c| !c.is_empty());
                value = rest;
            }
        }
        bytes.extend(if piece.extended { percent(value) } else { value.to_vec() });
    }
    let text = if label.is_none() && bytes.windows(2).any(|w| w == b"=?") {
        words::decode(&bytes)
    } else {
        charset::decode(&bytes, label)
    };
    Some(text).filter(|v| !v.is_empty())
}

fn parameters(field: &[u8]) -> Vec<Parameter> {
    let field: Vec<u8> = field.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    let mut parts = split(&field).into_iter();
    parts.next();
    parts.filter_map(parameter).take(200).collect()
}

/// Parts between semicolons, those within quotes apart.
fn split(field: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut start, mut in_quotes, mut escaped) = (Vec::new(), 0, false, false);
    for (n, &b) in field.iter().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if in_quotes => escaped = true,
            b'"' => in_quotes = !in_quotes,
            b';' if !in_quotes => {
                parts.push(&field[start..n]);
                start = n + 1;
            }
            _ => {}
        }
    }
    parts.push(&field[start..]);
    parts
}

fn parameter(part: &[u8]) -> Option<Parameter> {
    let equals = part.iter().position(|&b| b == b'=')?;
    let name = std::str::from_utf8(&part[..equals]).ok()?.trim().to_ascii_lowercase();
    let value = unquoted(part[equals + 1..].trim_ascii());
    let (name, extended) = name.strip_suffix('*').map_or((name.as_str(), false), |n| (n, true));
    let (name, piece) = match name.split_once('*') {
        Some((name, piece)) => (name, piece.parse().ok()?),
        None => (name, u32::MAX),
    };
    Some(Parameter { name: name.to_owned(), piece, extended, value })
}

/// Without its quotes. A backslash before anything but a quote or another one is left: it is of a path.
fn unquoted(value: &[u8]) -> Vec<u8> {
    let Some(inner) = value.strip_prefix(b"\"") else { return value.to_vec() };
    let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied().peekable();
    while let Some(b) = bytes.next() {
        match (b, bytes.peek()) {
            (b'\\', Some(&next @ (b'"' | b'\\'))) => {
                out.push(next);
                bytes.next();
            }
            _ => out.push(b),
        }
    }
    out
}

fn percent(value: &[u8]) -> Vec<u8> {
    let hex = |at: usize| value.get(at).and_then(|&b| char::from(b).to_digit(16));
    let (mut out, mut at) = (Vec::with_capacity(value.len()), 0);
    while at < value.len() {
        if let (b'%', Some(high), Some(low)) = (value[at], hex(at + 1), hex(at + 2)) {
            out.push((high * 16 + low) as u8);
            at += 3;
        } else {
            out.push(value[at]);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_as_its_sender_meant() {
        let cases: &[(&[u8], &str)] = &[
            (b"attachment; filename=\"a;b.pdf\"", "a;b.pdf"),
            (b"attachment; filename=my file.pdf; size=3", "my file.pdf"),
            (b"attachment; filename*=utf-8'de'Gr%C3%B6%C3%9Fe.pdf; filename=x.pdf", "Größe.pdf"),
            (b"attachment; filename*0*=utf-8''Gr%C3; filename*1*=%B6%C3%9Fe; filename*2=.pdf", "Größe.pdf"),
            (b"attachment; filename*1=b.txt;\r\n filename*0=a", "ab.txt"),
            (b"attachment; filename=\"=?iso-8859-1?q?Gr=F6=DFe?=.pdf\"", "Größe.pdf"),
            (b"attachment; filename=\"Gr\xf6\xdfe.pdf\"", "Größe.pdf"),
            (b"attachment; filename=\"C:\\dir\\f.txt\"", "C:\\dir\\f.txt"),
            (b"attachment; filename=\"say \\\"hi\\\".txt\"", "say \"hi\".txt"),
        ];
        for (field, expected) in cases {
            assert_eq!(value(field, "filename").as_deref(), Some(*expected));
        }
        assert_eq!(value(b"attachment", "filename"), None);
    }
}
