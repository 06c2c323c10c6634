//! Two versions side by side, as an older node sees it: others append what it does not know.

use evendesk_domain::command::Command;
use evendesk_domain::decide::RefusalCode;
use evendesk_domain::id::{CommandId, TeamId};
use evendesk_protocol::{FromServer, Outcome};
use evendesk_server::Running;
use evendesk_server::writer::Work;
use evendesk_testkit::eventually::eventually;
use uuid::Uuid;

use crate::nodes::{SOON, Site, hire, save_team, save_terms};
use crate::office::{Desk, operate, settle};

/// What a node of a later version appends, about the team or whatever has this id.
fn append(site: &Site, kind: &str, id: u128, payload: &str) -> u64 {
    let id = format!("decode('{id:032x}', 'hex')");
    site.postgres.sql("desk", "UPDATE workspace SET head = head + 1");
    site.postgres.sql(
        "desk",
        &format!(
            "INSERT INTO event SELECT head, {id}, '{kind}', 1000000, 'system', '', '{payload}' FROM workspace"
        ),
    );
    site.postgres.sql("desk", "SELECT head FROM workspace").parse().unwrap()
}

async fn needs_upgrade(node: &Running, team: u128) -> bool {
    match settle(node.app(), Work::Operator(Box::new(save_team(team, "Renamed")))).await {
        Outcome::Refused { code, sentence } => {
            assert!(code == RefusalCode::NeedsUpgrade && sentence.contains("team"), "{sentence}");
            true
        }
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_later_version_wrote_is_passed_on_as_it_is_its_stream_only_read_and_the_rest_goes_on() {
    let site = Site::new();
    let a = site.serve("a").await;
    for body in [save_terms(), save_team(50, "Returns"), save_team(51, "Post")] {
        operate(a.app(), body).await;
    }
    let token = hire(&a, "ada").await;
    let mut desk = Desk::connect(a.addr(), &token, None).await;
    desk.hear_to(a.app().journal.head().unwrap()).await;
    let payload = r#"{"kind":"team_dreamt","of":"sheep","v":1}"#;
    let dreamt = tokio::task::block_in_place(|| append(&site, "team", 50, payload));
    let later = r#"{"kind":"team_saved","name":"Other","mood":"good","v":2}"#;
    tokio::task::block_in_place(|| append(&site, "team", 51, later));

    let heard = desk.hear_to(dreamt + 1).await;
    let events = heard.into_iter().filter_map(|m| match m {
        FromServer::Events { events, .. } => Some(events),
        _ => None,
    });
    let heard: Vec<String> = events.flatten().map(|e| e.event.to_text()).collect();
    assert_eq!(
        heard,
        [payload, later].map(|text| { serde_json::from_str::<serde_json::Value>(text).unwrap().to_string() })
    );
    assert!(needs_upgrade(&a, 50).await && needs_upgrade(&a, 51).await);
    operate(a.app(), save_team(52, "Sales")).await;
    let id = CommandId(Uuid::now_v7());
    desk.push(Command { id, depends_on: None, body: save_team(50, "Renamed by a desk") }).await;
    assert!(matches!(desk.outcome(id).await, Outcome::Refused { code: RefusalCode::NeedsUpgrade, .. }));

    // One of this version that begins now comes to the same.
    let b = site.serve("b").await;
    assert!(needs_upgrade(&b, 50).await);
    let team = b.app().readers.get().unwrap().dump_stream(TeamId(Uuid::from_u128(50)).into()).unwrap();
    assert!(team.contains("Returns"), "{team}");
    let at = site.node("b");
    b.stop().await;
    let report = evendesk_server::doctor::examine(&at).await.unwrap();
    assert!(report.differences.is_empty(), "{:?}", report.differences);
    let told =
        |seq: u64| report.notes.iter().any(|n| n.starts_with(&format!("event {seq}: a newer Evendesk")));
    assert!(told(dreamt) && told(dreamt + 1), "{:?}", report.notes);
    a.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_no_known_kind_at_all_stops_a_node_before_it_and_says_who_must_be_upgraded() {
    let site = Site::new();
    let a = site.serve("a").await;
    operate(a.app(), save_terms()).await;
    let before = a.app().journal.head().unwrap();
    tokio::task::block_in_place(|| append(&site, "dream", 1, r#"{"kind":"dreamt","v":1}"#));
    let url = format!("{}/health", a.url());
    eventually("it takes no more desks", SOON, async || {
        (reqwest::get(&url).await.unwrap().status().as_u16() == 503).then_some(())
    })
    .await;
    let undecided = a.app().writer.settle(Work::Operator(Box::new(save_team(50, "Returns")))).await;
    let why = undecided.unwrap_err().to_string();
    assert!(why.contains("about a dream") && why.contains("upgrade"), "{why}");
    assert_eq!(a.app().readers.get().unwrap().position().unwrap().cursor, before);
    a.stop().await;
    let refused = evendesk_server::Server::start(evendesk_server::Options::new(site.node("a"))).await;
    assert!(refused.err().unwrap().to_string().contains("upgrade this one"));
}
