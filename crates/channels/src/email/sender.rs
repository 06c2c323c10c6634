//! Who a mail is from, and what stands against believing it. Only what one mail alone tells: names and
//! addresses as it gives them, and what the server that received it found. Nothing the sender wrote
//! can take a doubt away.

use evendesk_domain::inbound::{Doubt, SenderCheck};
use mail_parser::Message;
use unicode_security::confusable_detection::skeleton;

use super::compose::domain;
use super::headers::{self, raw_all};

/// The doubts about a mail from `from`, each once.
pub fn doubts(
    mail: &Message<'_>,
    from: &str,
    name: &str,
    reply_to: Option<&str>,
    written_to: &[String],
) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let senders = headers::addresses(mail, "From");
    if senders.len() > 1 {
        doubts.push(Doubt::SeveralSenders { addresses: senders });
    }
    if let Some(address) = reply_to.filter(|a| !same_domain(a, from)) {
        doubts.push(Doubt::RepliesElsewhere { address: address.to_owned() });
    }
    if let Some(address) = address_in(name).filter(|a| !a.eq_ignore_ascii_case(from)) {
        doubts.push(Doubt::NameIsAddress { address });
    }
    doubts.extend(look_alike(from, written_to));
    doubts.extend(failed_checks(mail).into_iter().map(|check| Doubt::Unproven { check }));
    doubts
}

fn same_domain(a: &str, b: &str) -> bool {
    domain(a).to_lowercase() == domain(b).to_lowercase()
}

/// An address within a display name.
fn address_in(name: &str) -> Option<String> {
    let words = name.split(|c: char| c.is_whitespace() || "<>()[]\"',;:".contains(c));
    let mut addresses = words.filter(|w| {
        w.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty() && !host.contains('@') && host.trim_matches('.').contains('.')
        })
    });
    addresses.next().map(|a| a.trim_end_matches('.').to_owned())
}

/// Whether the domain is written to be taken for another: for one that the mail was written to, or, where letters
/// of another script are in it, for the plain one that they show.
fn look_alike(from: &str, written_to: &[String]) -> Option<Doubt> {
    let shown = readable_domain(from);
    if let Some(doubt) = resembles(from, written_to) {
        return Some(doubt);
    }
    // Words of a whole script, and marks over letters, are how most of the world writes its own.
    let disguised = |label: &str| !label.is_ascii() && look(label).is_ascii();
    let plain = || shown.split('.').map(plain_label).collect::<Vec<_>>().join(".");
    shown.split('.').any(disguised).then(|| Doubt::LookAlike { resembles: plain(), domain: shown.clone() })
}

/// Whether the domain of `from` can be taken for one of these addresses' domains without being it.
pub fn resembles(from: &str, addresses: &[String]) -> Option<Doubt> {
    let domain = readable_domain(from);
    let seen = look(&domain);
    let alike = addresses.iter().map(|a| readable_domain(a)).find(|own| *own != domain && look(own) == seen);
    alike.map(|resembles| Doubt::LookAlike { domain, resembles })
}

fn readable_domain(address: &str) -> String {
    idna::domain_to_unicode(&domain(address).to_lowercase()).0
}

fn look(domain: &str) -> String {
    skeleton(domain).collect::<String>().to_lowercase()
}

fn plain_label(label: &str) -> String {
    if label.is_ascii() { label.to_owned() } else { look(label) }
}

/// The checks that did not pass, by the word of the receiving server alone. That server writes its
/// findings above whatever came with the mail and removes others under its own name (RFC 8601), so
/// the first field of that name counts. It names itself in the Received field it put on top.
fn failed_checks(mail: &Message<'_>) -> Vec<SenderCheck> {
    let receiver = raw_all(mail, "Received").first().and_then(|r| receiving_host(r));
    let fields = raw_all(mail, "Authentication-Results");
    let is_trusted = |field: &&String| match (&receiver, authority(field)) {
        (Some(receiver), Some(authority)) => same_organisation(receiver, &authority),
        // Exchange Online leaves its name out.
        (Some(receiver), None) => receiver.ends_with(".outlook.com"),
        (None, _) => true,
    };
    let Some(found) = fields.iter().find(is_trusted) else { return Vec::new() };
    let found = found.to_ascii_lowercase();
    let result = |method: &str| {
        found.split(';').find_map(|part| part.trim().strip_prefix(method)?.trim_start().strip_prefix('='))
    };
    let failed = |method, bad: &[&str]| {
        result(method).is_some_and(|r| {
            let word = r.trim_start().split(|c: char| !c.is_ascii_alphanumeric()).next();
            word.is_some_and(|w| bad.contains(&w))
        })
    };
    match () {
        // DMARC is the verdict over the other two: what passes it is proven, by whichever.
        () if result("dmarc").is_some_and(|r| r.trim_start().starts_with("pass")) => Vec::new(),
        () => [
            (SenderCheck::Dmarc, failed("dmarc", &["fail", "permerror"])),
            (SenderCheck::Spf, failed("spf", &["fail", "softfail", "permerror"])),
            (SenderCheck::Dkim, failed("dkim", &["fail", "permerror"])),
        ]
        .into_iter()
        .filter_map(|(check, failed)| failed.then_some(check))
        .collect(),
    }
}

/// The host after `by` in a Received field.
fn receiving_host(received: &str) -> Option<String> {
    let mut words = received.split_whitespace();
    words.find(|w| w.eq_ignore_ascii_case("by"))?;
    words.next().map(|host| host.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase())
}

/// The name of who wrote an Authentication-Results field.
fn authority(field: &str) -> Option<String> {
    let first = field.split(';').next()?.split_whitespace().next()?;
    (!first.contains('=')).then(|| first.trim_end_matches('.').to_ascii_lowercase())
}

/// Whether two host names have their last two labels in common, or are one.
fn same_organisation(a: &str, b: &str) -> bool {
    let tail = |host: &str| {
        let mut labels: Vec<String> = host.rsplit('.').take(2).map(str::to_owned).collect();
        labels.reverse();
        labels.join(".")
    };
    a == b || a.contains('.') && tail(a) == tail(b)
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    #[track_caller]
    fn check(fields: &str, expected: &[Doubt]) {
        let mail = parse(format!("{fields}\r\n\r\nHi").as_bytes()).expect("readable");
        assert_eq!(mail.doubts, expected, "{fields}");
    }

    #[test]
    fn a_sender_like_most_leaves_no_doubt() {
        check("From: Ada <ada@müller.example>\r\nReply-To: ada@MÜLLER.example\r\nTo: us@us.example", &[]);
        check("From: Ада <ada@почта.рф>\r\nTo: us@us.example", &[]);
        check("From: \"ada@b.example\" <ada@b.example>\r\nTo: us@us.example", &[]);
    }

    #[test]
    fn names_and_addresses_that_mislead_are_told() {
        let address = "eve@c.example".to_owned();
        check(
            "From: Ada <a@b.example>\r\nReply-To: eve@c.example",
            &[Doubt::RepliesElsewhere { address: address.clone() }],
        );
        check("From: \"eve@c.example\" <a@b.example>", &[Doubt::NameIsAddress { address: address.clone() }]);
        let addresses = vec!["a@b.example".to_owned(), address];
        check("From: a@b.example, eve@c.example", &[Doubt::SeveralSenders { addresses: addresses.clone() }]);
        check("From: a@b.example\r\nFrom: eve@c.example", &[Doubt::SeveralSenders { addresses }]);
    }

    #[test]
    fn a_domain_that_can_be_taken_for_another_is_told() {
        let alike = |domain: &str, resembles: &str| {
            [Doubt::LookAlike { domain: domain.into(), resembles: resembles.into() }]
        };
        check(
            "From: a@rnodern.example\r\nTo: us@modern.example",
            &alike("rnodern.example", "modern.example"),
        );
        check("From: a@xn--pypal-4ve.com", &alike("pаypal.com", "paypal.com"));
        check("From: a@modern.example\r\nTo: us@modern.example", &[]);
    }

    #[test]
    fn only_the_receiving_server_is_believed_about_the_sender() {
        let received =
            "Received: from b.example by mx.us.example with ESMTP; Mon, 1 Jan 2024 10:00:00 +0000\r\n";
        let results =
            |server: &str, found: &str| format!("Authentication-Results: {server};\r\n {found}\r\n");
        let failed = |checks: &[SenderCheck]| {
            checks.iter().map(|&check| Doubt::Unproven { check }).collect::<Vec<_>>()
        };
        let (dmarc, spf) = (SenderCheck::Dmarc, SenderCheck::Spf);
        let from = "From: a@b.example";
        let fail = results("mail.us.example", "spf=softfail smtp.mailfrom=b.example; dmarc=fail");
        let pass = results("mail.us.example", "dmarc=pass");
        check(&format!("{received}{fail}{from}"), &failed(&[dmarc, spf]));
        check(&format!("{fail}{received}{pass}{from}"), &failed(&[dmarc, spf]));
        check(&format!("{received}{pass}{fail}{from}"), &[]);
        check(&format!("{received}{}{from}", results("evil.example", "dmarc=fail")), &[]);
        check(
            &format!("{received}{}{from}", results("mx.us.example", "spf=fail; dkim=pass; dmarc=pass")),
            &[],
        );
    }
}
