//! What is new in a mail, told apart from the history and the signature it carries. Nothing is lost:
//! what is folded is given too, and when nothing else would remain, nothing is folded.
//!
//! Purely by the lines: marks (`>`), the sentence over them in any language, the header block that
//! Outlook writes, separators. Answers written between quoted lines stay where they are.

/// A text in two parts, each in its own order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    pub fresh: String,
    pub quoted: String,
    /// The byte ranges of the text that `quoted` was taken from, whole lines, in order.
    pub folded: Vec<(u32, u32)>,
}

pub fn split(text: &str, is_forward: bool) -> Split {
    let lines: Vec<&str> = text.lines().collect();
    let folded = folded(&lines, is_forward);
    let part = |want: bool| {
        let lines: Vec<&str> =
            lines.iter().zip(&folded).filter(|(_, f)| **f == want).map(|(l, _)| l.trim_end()).collect();
        lines.join("\n").trim_matches('\n').to_owned()
    };
    let (fresh, quoted) = (part(false), part(true));
    if fresh.trim().is_empty() {
        return Split { fresh: text.trim().to_owned(), ..Split::default() };
    }
    Split { fresh: fresh.trim_end().to_owned(), quoted, folded: ranges(text, &lines, &folded) }
}

/// Which lines are history or a signature. `is_forward`: the subject says that something is passed on.
pub fn folded(lines: &[&str], is_forward: bool) -> Vec<bool> {
    let mut folded = vec![false; lines.len()];
    let passed_on = |i: usize| is_separator(lines[i]) || header_block(lines, i);
    // What is forwarded is what they want to tell us, not history.
    let forward = (0..lines.len()).find(|&i| says_forwarded(lines[i]) || is_forward && passed_on(i));
    let end = forward.unwrap_or(lines.len());
    let cut = (0..end).find(|&i| history_starts(&lines[..end], i)).unwrap_or(end);
    folded[cut..end].fill(true);
    fold_marked(&lines[..cut], &mut folded);
    fold_signature(&lines[..end], &mut folded);
    fold_pgp_signature(lines, &mut folded);
    folded
}

/// Whether a subject says that a mail passes another one on.
pub fn is_forward(subject: &str) -> bool {
    #[rustfmt::skip]
    const STARTS: &[&str] =
        &["fwd:", "fw:", "wg:", "tr:", "tr :", "rv:", "enc:", "i:", "vb:", "vs:", "pd:", "fwd :", "转发", "轉寄", "転送", "전달"];
    let subject = subject.trim_start().to_lowercase();
    STARTS.iter().any(|s| subject.starts_with(s))
}

fn ranges(text: &str, lines: &[&str], folded: &[bool]) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    let mut joins = false;
    for (line, &is_folded) in lines.iter().zip(folded) {
        let start = line.as_ptr() as usize - text.as_ptr() as usize;
        // Texts are far smaller than 4 GB: see the limits.
        let (start, end) = (start as u32, (start + line.len()) as u32);
        match ranges.last_mut() {
            Some(last) if joins && is_folded => last.1 = end,
            _ if is_folded => ranges.push((start, end)),
            _ => {}
        }
        joins = is_folded;
    }
    ranges
}

/// From here to the end it is all history, without marks.
fn history_starts(lines: &[&str], i: usize) -> bool {
    if is_marked(lines[i]) {
        return false;
    }
    if is_separator(lines[i]) || header_block(lines, i) {
        return true;
    }
    let underline = lines[i].trim();
    if underline.len() >= 10 && underline.chars().all(|c| c == '_') {
        return next_said(lines, i + 1).is_some_and(|n| header_block(lines, n));
    }
    // A wrapped sentence begins where it opens, not with the words above it.
    let Some(after) = attribution(lines, i) else { return false };
    let begins_below = || {
        let ends = lines[i].trim_end().ends_with(['.', '!', '?', '。', '！', '？']);
        (i + 1..after).any(|j| (ends || opens(lines[j])) && attribution(lines, j).is_some())
    };
    if !opens(lines[i]) && begins_below() {
        return false;
    }
    !next_said(lines, after).is_some_and(|n| is_marked(lines[n]))
}

/// Folds blocks marked with `>`, each with the sentence over it. With answers between several blocks
/// only a last block that nothing follows is folded.
fn fold_marked(lines: &[&str], folded: &mut [bool]) {
    let blocks = marked_blocks(lines);
    let Some(last) = blocks.last() else { return };
    let said_after = (last.end..lines.len()).any(|i| !lines[i].trim().is_empty() && !in_signature(lines, i));
    let fold: &[std::ops::Range<usize>] = match (blocks.len(), said_after) {
        (1, _) => &blocks,
        (n, false) => &blocks[n - 1..],
        (_, true) => &[],
    };
    let said_before = |block: usize| (0..block).any(|i| !lines[i].trim().is_empty());
    for block in fold {
        let sentence = sentence_over(lines, block.start);
        // What somebody cites within their own words, or leads up to, is theirs.
        let led_up_to = block.start > 0 && ends_with_colon(lines[block.start - 1]);
        if sentence.is_none() && said_before(block.start) && (said_after || led_up_to) {
            continue;
        }
        folded[sentence.unwrap_or(block.start)..block.end].fill(true);
    }
}

fn marked_blocks(lines: &[&str]) -> Vec<std::ops::Range<usize>> {
    let mut blocks: Vec<std::ops::Range<usize>> = Vec::new();
    for i in (0..lines.len()).filter(|&i| is_marked(lines[i])) {
        match blocks.last_mut() {
            Some(b) if lines[b.end..i].iter().all(|l| l.trim().is_empty()) => b.end = i + 1,
            _ => blocks.push(i..i + 1),
        }
    }
    blocks
}

/// Where the sentence over a marked block begins: in any language it ends with a colon and names a
/// date or an address, and where its language is known, by its words.
fn sentence_over(lines: &[&str], block: usize) -> Option<usize> {
    let last = (0..block).rev().find(|&i| !lines[i].trim().is_empty())?;
    if !ends_with_colon(lines[last]) {
        return None;
    }
    let within = |i: &usize| !lines[*i].trim().is_empty() && !is_marked(lines[*i]);
    let starts: Vec<usize> = (0..=last).rev().take(3).take_while(within).collect();
    let worded = |i: &&usize| attribution(lines, **i).is_some();
    let known =
        starts.iter().rev().find(|i| worded(i) && opens(lines[**i])).or_else(|| starts.iter().find(worded));
    let dated = |s: &str| s.contains(|c: char| c.is_ascii_digit());
    let alone = (dated(lines[last]) && lines[last].contains(['@', '<'])).then_some(&last);
    let paragraph = starts.last().filter(|&&i| {
        let sentence = lines[i..=last].join(" ");
        (i == 0 || lines[i - 1].trim().is_empty())
            && sentence.len() < 300
            && (dated(&sentence) || sentence.contains('@'))
    });
    known.or(alone).or(paragraph).copied()
}

/// A sentence such as "On 3 May, Ada wrote:" over at most four lines from `i`; the line after it.
fn attribution(lines: &[&str], i: usize) -> Option<usize> {
    let mut sentence = String::new();
    for (n, line) in lines[i..].iter().take(4).enumerate() {
        if line.trim().is_empty() || is_marked(line) {
            return None;
        }
        sentence.push_str(line.trim());
        sentence.push(' ');
        if ends_with_colon(&sentence) {
            return is_attribution(&sentence.to_lowercase()).then_some(i + n + 1);
        }
    }
    None
}

fn is_attribution(sentence: &str) -> bool {
    let dated = sentence.contains(|c: char| c.is_ascii_digit());
    let addressed = sentence.contains('@') || sentence.contains('<');
    let first = sentence.split([' ', ',']).next().unwrap_or_default();
    sentence.len() < 500
        && WROTE.iter().any(|verb| sentence.contains(verb))
        && (addressed || dated && OPENINGS.contains(&first))
}

#[rustfmt::skip]
const WROTE: &[&str] = &[
    "wrote", "schrieb", "écrit", "escribió", "escreveu", "scritto", "schreef", "skrev", "kirjoitti", "napisał",
    "napsal", "napísal", "yazdı", "писал", "пишет", "írta", "a scris", "έγραψε", "写道", "寫道", "のメール", "작성",
    "כתב", "كتب", "menulis", "viết", "написа", "napisao", "kirjutas", "rašė", "napisal",
];

#[rustfmt::skip]
const OPENINGS: &[&str] = &[
    "on", "am", "le", "el", "il", "op", "em", "den", "w", "dnia", "dne", "på", "a", "ha", "em", "στις", "в", "在", "於", "at", "στις", "на", "pada", "vào",
];

fn opens(line: &str) -> bool {
    line.trim_start().to_lowercase().split([' ', ',']).next().is_some_and(|w| OPENINGS.contains(&w))
}

fn ends_with_colon(s: &str) -> bool {
    s.trim_end().ends_with([':', '：'])
}

/// "-----Original Message-----" in any language, and the line above which a desk asks to answer.
fn is_separator(line: &str) -> bool {
    let line = line.trim();
    if line.starts_with("##-") && line.ends_with("-##") {
        return true;
    }
    let word = line.trim_matches('-').trim();
    let wrote = || word.len() < 300 && WROTE.iter().any(|w| word.contains(w)) && word.contains('@');
    line.starts_with("---")
        && line.ends_with("---")
        && word.len() > 4
        && (word.len() < 60 || wrote())
        && word.chars().any(char::is_alphabetic)
        // Keys, certificates and what PGP signs.
        && !(word.starts_with("BEGIN ") || word.starts_with("END "))
}

fn says_forwarded(line: &str) -> bool {
    #[rustfmt::skip]
    const FORWARDED: &[&str] = &[
        "forwarded", "weitergeleitete", "transféré", "transmis", "réexpédié", "reenviado", "reenviada", "encaminhada",
        "inoltrato", "doorgestuurd", "vidarebefordrat", "videresendt", "przekazana", "přeposlaná", "пересылаемое",
        "пересланное", "переслан", "iletilen", "továbbított", "välitetty", "προωθημένο", "転送", "转发", "轉寄", "전달된",
    ];
    let line = line.trim().to_lowercase();
    let marked = line.starts_with("---") || line.starts_with("begin ") || line.ends_with(':');
    line.len() < 100 && marked && FORWARDED.iter().any(|f| line.contains(f)) && !line.contains('@')
}

/// The block of From, Sent, To, Subject that Outlook and others put over what is answered, in any order.
fn header_block(lines: &[&str], i: usize) -> bool {
    if label(lines[i]).is_none() {
        return false;
    }
    let block = lines[i..].iter().take_while(|l| !l.trim().is_empty()).take(9);
    let labels: Vec<Label> = block.filter_map(|l| label(l)).collect();
    let has = |l| labels.contains(&l);
    has(Label::From)
        && usize::from(has(Label::Sent)) + usize::from(has(Label::To)) + usize::from(has(Label::Subject)) >= 2
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    From,
    Sent,
    To,
    Subject,
}

fn label(line: &str) -> Option<Label> {
    let (name, _) = line.split_once([':', '：'])?;
    let name = name.trim().trim_matches('*').trim().to_lowercase();
    #[rustfmt::skip]
    let label = match &*name {
        "from" | "von" | "de" | "da" | "van" | "od" | "от" | "från" | "fra" | "lähettäjä" | "kimden" | "feladó" | "από"
        | "差出人" | "发件人" | "寄件者" | "보낸 사람" => Label::From,
        "sent" | "date" | "gesendet" | "datum" | "envoyé" | "enviado" | "enviada" | "inviato" | "data" | "fecha"
        | "verzonden" | "wysłano" | "odesláno" | "skickat" | "sendt" | "lähetetty" | "дата" | "отправлено" | "gönderen"
        | "elküldve" | "στάλθηκε" | "送信日時" | "发送时间" | "日期" | "보낸 날짜" => Label::Sent,
        "to" | "an" | "à" | "para" | "a" | "aan" | "do" | "komu" | "till" | "til" | "vastaanottaja" | "кому" | "kime"
        | "címzett" | "προς" | "宛先" | "收件人" | "받는 사람" => Label::To,
        "subject" | "betreff" | "objet" | "asunto" | "assunto" | "oggetto" | "onderwerp" | "temat" | "předmět" | "ämne"
        | "emne" | "aihe" | "тема" | "konu" | "tárgy" | "θέμα" | "件名" | "主题" | "主旨" | "제목" => Label::Subject,
        _ => return None,
    };
    Some(label)
}

/// Folds a signature: what follows a line of two dashes, or the one line a phone adds.
fn fold_signature(lines: &[&str], folded: &mut [bool]) {
    let kept: Vec<usize> = (0..lines.len()).filter(|&i| !folded[i]).collect();
    let Some(&last) = kept.iter().rev().find(|&&i| !lines[i].trim().is_empty()) else { return };
    if let Some(&dashes) = kept.iter().rev().take(20).find(|&&i| is_dashes(lines[i])) {
        kept.iter().filter(|&&i| i >= dashes).for_each(|&i| folded[i] = true);
    } else if is_phone_line(lines[last]) {
        folded[last] = true;
    }
}

fn in_signature(lines: &[&str], i: usize) -> bool {
    lines[..=i].iter().rev().take(20).any(|l| is_dashes(l)) || is_phone_line(lines[i])
}

fn is_dashes(line: &str) -> bool {
    line == "-- " || line.trim() == "--"
}

/// The line that a telephone or a mail program puts below what was written.
fn is_phone_line(line: &str) -> bool {
    #[rustfmt::skip]
    const STARTS: &[&str] = &[
        "sent from my ", "sent from yahoo", "sent from mail for", "sent from outlook", "sent with proton", "sent via ",
        "von meinem ", "gesendet von ", "gesendet mit ", "diese nachricht wurde von meinem ", "envoyé de mon ",
        "envoyé depuis ", "enviado desde ", "enviado do meu ", "enviado de ", "inviato da ", "get outlook for ",
        "verzonden vanaf mijn ", "verstuurd vanaf mijn ", "skickat från min ", "sendt fra min ", "lähetetty ", "wysłane z ",
        "odesláno z ", "отправлено с ", "отправлено из ", "iphoneから送信", "发自我的", "從我的", "내 iphone", "나의 iphone",
    ];
    let line = line.trim().to_lowercase();
    let fetches_outlook =
        line.starts_with("outlook f") && line.contains("android") || line.starts_with("outlook für ");
    line.len() < 100 && (fetches_outlook || STARTS.iter().any(|l| line.starts_with(l)))
}

fn fold_pgp_signature(lines: &[&str], folded: &mut [bool]) {
    let at = |word: &str| lines.iter().position(|l| l.trim() == word);
    if let (Some(start), Some(end)) = (at("-----BEGIN PGP SIGNATURE-----"), at("-----END PGP SIGNATURE-----"))
        && start < end
    {
        folded[start..=end].fill(true);
    }
}

fn is_marked(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

fn next_said(lines: &[&str], from: usize) -> Option<usize> {
    (from..lines.len()).find(|&i| !lines[i].trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, fresh: &str) {
        let split = split(text, false);
        assert_eq!(split.fresh, fresh, "of {text:?}");
        let words = |s: &str| s.split_whitespace().map(str::len).sum::<usize>();
        let parts: Vec<&str> =
            split.folded.iter().map(|&(from, to)| &text[from as usize..to as usize]).collect();
        assert_eq!(
            words(&parts.concat()),
            words(&split.quoted),
            "the ranges name what is folded of {text:?}"
        );
        assert_eq!(words(&split.fresh) + words(&split.quoted), words(text), "nothing is lost of {text:?}");
    }

    #[test]
    fn history_is_folded_however_the_mail_program_writes_it() {
        check("Hello\n\nOn Apr 3, 2012, at 4:19 PM, bob wrote:\n\n> Hi", "Hello");
        check(
            "Hallo\n\nAm Mo., 2. Apr. 2012 um 18:26 Uhr schrieb Megan\n<m@one.example>:\n\n> Hi\n> da\n",
            "Hallo",
        );
        check("Oui.\n\nLe lun. 2 avr. 2012 à 18:26, Ada <a@b.example> a écrit :\n\nVoilà", "Oui.");
        check("はい\n\n2012年4月2日(月) 18:26 Ada <a@b.example>:\n> 質問", "はい");
        check("Fine.\n\n-----Ursprüngliche Nachricht-----\nVon: a\nWas nun?", "Fine.");
        check("Fine.\n\nFrom: Ada\nSent: Monday\nTo: Bob\nSubject: Tea\n\nTea?", "Fine.");
        check(
            "Goed\n________________________________\n*Van:* Ada\n*Verzonden:* maandag\n*Onderwerp:* Thee\n\nThee?",
            "Goed",
        );
        check("Thanks!\nOn 3 May 2012 Ada\n<a@b.example> wrote:\n> Is it?", "Thanks!");
        check("On 3 May 2012 Ada\n<a@b.example> wrote:\n> Is it?\n\nIt is.\n", "It is.");
    }

    #[test]
    fn answers_between_quoted_lines_keep_what_they_answer() {
        check("> Tea?\nYes.\n> Milk?\nNo.", "> Tea?\nYes.\n> Milk?\nNo.");
        check(
            "> Tea?\nYes.\n> Milk?\nNo.\n\nOn 3 May, a@b.example wrote:\n> more",
            "> Tea?\nYes.\n> Milk?\nNo.",
        );
    }

    #[test]
    fn signatures_are_folded_and_dashes_in_a_long_text_are_not() {
        check("Thanks!\n-- \nAda\n+44 20 7946 0018", "Thanks!");
        check("Thanks!\n\nSent from my iPhone", "Thanks!");
        check("Thanks!\n-- \nAda\n\nOn 3 May, a@b.example wrote:\n> x", "Thanks!");
        let long = format!("Log\n--\n{}", "line\n".repeat(40).trim());
        check(&long, &long);
    }

    #[test]
    fn what_only_looks_like_history_stays() {
        check("On Monday my boss wrote:\nplease return it.", "On Monday my boss wrote:\nplease return it.");
        check("From: the heart\n\nThank you", "From: the heart\n\nThank you");
        check("> only a quotation", "> only a quotation");
        let forward = "See below\n\n---------- Forwarded message ---------\nFrom: Ada <a@b.example>\nDate: Mon\nSubject: Bill\nTo: <c@d.example>\n\nPay!";
        check(forward, forward);
    }
}
