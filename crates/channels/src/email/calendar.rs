//! An invitation as a few lines that can be read: what, when, where, who asks. Only for showing; the
//! file itself stays whole among the attachments.

use super::headers::line;

/// Readable lines, or nothing if there is no event in it.
pub fn readable(ics: &str) -> Option<String> {
    let ics = ics.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
    let event = ics.split_once("BEGIN:VEVENT")?.1;
    let event = event.split("END:VEVENT").next()?;
    let method = property(&ics, "METHOD").map(|(_, v)| v.to_ascii_uppercase()).unwrap_or_default();
    let word = match &*method {
        "CANCEL" => "Cancelled",
        "REPLY" => "Answer to an invitation",
        _ => "Invitation",
    };
    let mut lines =
        vec![format!("{word}: {}", value(event, "SUMMARY").unwrap_or_else(|| "(no title)".to_owned()))];
    if let Some((zone, start)) = property(event, "DTSTART") {
        let end = property(event, "DTEND").map(|(zone, end)| format!(" – {}", moment(&zone, &end)));
        lines.push(format!("When: {}{}", moment(&zone, &start), end.unwrap_or_default()));
    }
    if method == "REPLY"
        && let Some((parameters, who)) = property(event, "ATTENDEE")
        && let Some(answer) = parameters.split(';').find_map(|p| p.strip_prefix("PARTSTAT="))
    {
        let who = who.trim_start_matches("mailto:").trim_start_matches("MAILTO:");
        lines.push(line(&format!("Answer: {} by {who}", answer.to_ascii_lowercase().replace('-', " "))));
    }
    let rows = [("LOCATION", "Where"), ("ORGANIZER", "From"), ("DESCRIPTION", "About")];
    for (name, label) in rows {
        if let Some(value) = value(event, name) {
            lines.push(format!(
                "{label}: {}",
                value.trim_start_matches("mailto:").trim_start_matches("MAILTO:")
            ));
        }
    }
    Some(lines.join("\n"))
}

fn value(event: &str, name: &str) -> Option<String> {
    let (_, value) = property(event, name)?;
    let plain = value
        .replace("\\n", " ")
        .replace("\\N", " ")
        .replace("\\,", ",")
        .replace("\\;", ";")
        .replace("\\\\", "\\");
    Some(line(&plain)).filter(|v| !v.is_empty())
}

/// Parameters and value of the first property of that name.
fn property(text: &str, name: &str) -> Option<(String, String)> {
    text.lines().find_map(|l| {
        let rest = l.get(..name.len()).filter(|n| n.eq_ignore_ascii_case(name)).and(l.get(name.len()..))?;
        let (parameters, value) = rest.split_once(':')?;
        (parameters.is_empty() || parameters.starts_with(';'))
            .then(|| (parameters.to_owned(), value.trim().to_owned()))
    })
}

/// `20240101T100000Z` as `2024-01-01 10:00 UTC`; what has another form is shown as it is.
fn moment(parameters: &str, value: &str) -> String {
    let zone = parameters.split(';').find_map(|p| p.strip_prefix("TZID=")).unwrap_or_default();
    let digits: Vec<&str> = value.trim_end_matches('Z').split('T').collect();
    if !value.is_ascii()
        || digits.iter().any(|d| !d.bytes().all(|b| b.is_ascii_digit()))
        || digits[0].len() != 8
    {
        return line(value);
    }
    let date = format!("{}-{}-{}", &digits[0][..4], &digits[0][4..6], &digits[0][6..]);
    let time = digits
        .get(1)
        .filter(|t| t.len() >= 4)
        .map(|t| format!(" {}:{}", &t[..2], &t[2..4]))
        .unwrap_or_default();
    let zone = if value.ends_with('Z') { "UTC" } else { zone };
    format!("{date}{time} {}", line(zone)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_reads_as_a_person_would_say_it() {
        let ics = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nDTSTART;TZID=Europe/Berlin:20240101T100000\r\n\
                   DTEND:20240101T110000Z\r\nSUMMARY:Tea\\, and a\r\n  talk\r\nORGANIZER:mailto:ada@b.example\r\nEND:VEVENT\r\n";
        let expected = "Invitation: Tea, and a talk\nWhen: 2024-01-01 10:00 Europe/Berlin – 2024-01-01 11:00 UTC\nFrom: ada@b.example";
        assert_eq!(readable(ics).as_deref(), Some(expected));
        assert_eq!(readable("BEGIN:VCALENDAR\nEND:VCALENDAR"), None);
    }
}
