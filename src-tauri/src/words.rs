//! The few words that the app itself says, outside the page: in the person's language.

use std::sync::OnceLock;

use evendesk_replica::AlertKind;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    English,
    German,
}

/// By the order in which POSIX asks its variables.
fn language() -> Language {
    static LANGUAGE: OnceLock<Language> = OnceLock::new();
    *LANGUAGE.get_or_init(|| {
        let named = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|v| std::env::var(v).ok());
        if named.is_some_and(|l| l.starts_with("de")) { Language::German } else { Language::English }
    })
}

/// A notification's title.
pub fn alert(kind: AlertKind, name: &str) -> String {
    let german = language() == Language::German;
    match kind {
        AlertKind::AtRisk if german => format!("{name}: wird bald überfällig"),
        AlertKind::AtRisk => format!("{name}: due soon"),
        AlertKind::Breached if german => format!("{name}: überfällig"),
        AlertKind::Breached => format!("{name}: overdue"),
        AlertKind::Spoke if german => format!("{name} hat sich gemeldet"),
        AlertKind::Spoke => format!("{name} got in touch"),
        AlertKind::CameBack if german => format!("Nicht zugestellt: Antwort an {name}"),
        AlertKind::CameBack => format!("Not delivered: answer to {name}"),
        AlertKind::AssignedToMe if german => format!("Ihnen zugewiesen: {name}"),
        AlertKind::AssignedToMe => format!("Assigned to you: {name}"),
    }
}

/// Of feedback logged without a window.
pub fn logged() -> &'static str {
    match language() {
        Language::German => "Feedback ohne Namen festgehalten",
        Language::English => "Feedback logged, without a name",
    }
}

/// Of alerts that are not shown one by one.
pub fn more(count: usize) -> String {
    match language() {
        Language::German => format!("Und {count} weitere"),
        Language::English => format!("And {count} more"),
    }
}
