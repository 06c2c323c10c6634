//! A visiting card as a few lines that can be read: who, of what, and how to reach them. Only for
//! showing; the file itself stays whole among the attachments.

use mail_parser::decoders::quoted_printable::quoted_printable_decode;

use super::charset;
use super::headers::line;

/// Cards of one file that are made readable.
const CARDS: usize = 5;

/// Readable lines, or nothing if no card in it names anybody.
pub fn readable(file: &[u8]) -> Option<String> {
    let text = charset::decode(file, None).replace("\r\n", "\n").replace("=\n", "").replace("\n ", "");
    let cards = text.split("BEGIN:VCARD").skip(1).filter_map(card).take(CARDS);
    Some(cards.collect::<Vec<_>>().join("\n\n")).filter(|t| !t.is_empty())
}

fn card(card: &str) -> Option<String> {
    let card = card.split("END:VCARD").next()?;
    let properties: Vec<(String, String)> = card.lines().filter_map(property).take(200).collect();
    let of = |name: &'static str| properties.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str());
    let name = of("FN").map(|name| parts(name).join(" ")).next();
    // The parts of a name stand with the family name first.
    let name =
        name.or_else(|| of("N").map(|n| parts(n).into_iter().rev().collect::<Vec<_>>().join(" ")).next());
    let mut lines = vec![format!("Contact: {}", name.filter(|n| !n.is_empty())?)];
    let labels = [
        ("ORG", "Organisation"),
        ("TITLE", "Role"),
        ("EMAIL", "Email"),
        ("TEL", "Phone"),
        ("ADR", "Address"),
        ("URL", "Web"),
    ];
    for (property, label) in labels {
        let values = of(property).map(|value| parts(value).join(", ")).filter(|v| !v.is_empty());
        lines.extend(values.take(5).map(|value| format!("{label}: {value}")));
    }
    Some(lines.join("\n"))
}

/// Name and decoded value of a line such as `item1.TEL;TYPE=WORK:+49 30 1`.
fn property(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once(':')?;
    let mut parameters = name.split(';');
    let name = parameters.next()?.rsplit('.').next()?.trim().to_ascii_uppercase();
    let coded = parameters.any(|p| p.to_ascii_uppercase().ends_with("QUOTED-PRINTABLE"));
    let decoded = coded.then(|| quoted_printable_decode(value.as_bytes())).flatten();
    let value = decoded.map_or_else(|| value.to_owned(), |bytes| charset::decode(&bytes, None));
    Some((name, value))
}

/// The parts of a value between semicolons, those escaped apart.
fn parts(value: &str) -> Vec<String> {
    let (mut parts, mut escaped) = (vec![String::new()], false);
    for c in value.chars() {
        let part = parts.last_mut().expect("there is always one");
        match c {
            'n' | 'N' if escaped => part.push(' '),
            _ if escaped => part.push(c),
            '\\' => {}
            ';' => parts.push(String::new()),
            c => part.push(c),
        }
        escaped = c == '\\' && !escaped;
    }
    parts.into_iter().map(|p| line(p.trim_start_matches("mailto:"))).filter(|p| !p.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_reads_as_a_person_would_say_it() {
        let card = b"BEGIN:VCARD\r\nFN:Bob Broker\r\nORG:Broker\\, Sons;Claims\r\nitem1.TEL;TYPE=WORK:+49 30 1\r\nEND:VCARD\r\n";
        let expected = "Contact: Bob Broker\nOrganisation: Broker, Sons, Claims\nPhone: +49 30 1";
        assert_eq!(readable(card).as_deref(), Some(expected));
        assert_eq!(readable(b"BEGIN:VCARD\nEND:VCARD"), None);
        assert_eq!(readable(b""), None);
    }
}
