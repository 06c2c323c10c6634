//! What a workspace of paper is held to, and what its mail comes by.

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::{Calendar, Opening, Policy, Priority, Targets, Terms, Weekly};
use evendesk_domain::settings::{AccountSettings, MailSettings};

use crate::bench::TEAM;

pub fn terms() -> Terms {
    let all_day = || vec![Opening("00:00".parse().unwrap(), "24:00".parse().unwrap())];
    let weekly = Weekly {
        mon: all_day(),
        tue: all_day(),
        wed: all_day(),
        thu: all_day(),
        fri: all_day(),
        sat: Vec::new(),
        sun: Vec::new(),
    };
    let targets =
        Targets { first_response: Some(7200), next_response: Some(14_400), resolution: Some(86_400) };
    let policy = Policy {
        targets: [
            (Priority::Normal, targets),
            (Priority::Urgent, Targets { first_response: Some(600), ..targets }),
        ]
        .into(),
        at_risk: 0.75,
        pause_resolution_on_hold: true,
    };
    Terms { calendar: Calendar { timezone: "UTC".into(), weekly, overrides: Vec::new() }, policy }
}

pub fn account(channel: Channel, name: &str) -> AccountSettings {
    AccountSettings {
        channel,
        name: name.into(),
        address: "support@support.example".into(),
        team: TEAM,
        imap: None,
        smtp: None,
        user: None,
        webhook: None,
        mail: MailSettings::default(),
    }
}
