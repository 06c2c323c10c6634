//! One customer, everything ever said on every channel, and what each open matter needs.

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::{Priority, Status};
use evendesk_domain::conversation::Conversation;
use evendesk_domain::decide::knows_recipient;
use evendesk_domain::event::{CallDirection, CallOutcome};
use evendesk_domain::id::{AccountId, ConversationId, CustomerId, MessageId, TeamId, UserId};
use evendesk_domain::inbound::{Attachment, Author, Doubt};
use evendesk_domain::time::Timestamp;
use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use crate::customer::{self, IdentityView, Merges};
use crate::error::{Doing, Error};
use crate::message::Detail;
use crate::timer::{self, TimerView};
use crate::{PROVISIONAL, Reader, aggregate, queue};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct CustomerPage {
    pub customer: CustomerCard,
    /// Open ones first, then resolved ones, the latest word first.
    pub matters: Vec<Matter>,
    /// The oldest first.
    pub entries: Vec<TimelineEntry>,
    /// There are older entries.
    pub earlier: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct CustomerCard {
    pub id: CustomerId,
    pub name: String,
    pub identities: Vec<IdentityView>,
    pub waits: Vec<ChannelWait>,
    #[ts(type = "number")]
    pub resolved: usize,
    pub opened_at: Timestamp,
    /// When everything of them was erased.
    pub erased_at: Option<Timestamp>,
}

/// How long this customer waited on a channel, in business time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChannelWait {
    pub channel: Channel,
    #[ts(type = "number")]
    pub median_s: u64,
    #[ts(type = "number")]
    pub turns: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Matter {
    pub conversation: ConversationId,
    pub subject: String,
    pub status: Status,
    pub priority: Priority,
    pub team: TeamId,
    pub assignee: Option<UserId>,
    pub timers: Vec<TimerView>,
    pub snoozed_until: Option<Timestamp>,
    pub opened_at: Timestamp,
    pub channels: Vec<Channel>,
    pub reply: Vec<ReplyRoute>,
    /// What an answer must name as seen.
    pub last_seen: Option<MessageId>,
    pub read_only: bool,
    /// Where it goes on since it was merged.
    pub merged_into: Option<ConversationId>,
    /// The last thing that came in was attached by guess.
    pub guessed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReplyRoute {
    pub channel: Channel,
    pub account: AccountId,
    pub to: String,
    /// Nobody vouches for the address: an answer to it is confirmed first.
    pub confirm: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TimelineEntry {
    #[ts(type = "number")]
    pub seq: u64,
    pub conversation: ConversationId,
    pub at: Timestamp,
    /// Made here and not yet decided by the server.
    pub pending: bool,
    pub kind: EntryKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EntryKind {
    Message {
        message: MessageId,
        channel: Channel,
        from_name: String,
        from: String,
        subject: String,
        text: String,
        /// What is new in it.
        fresh_text: String,
        /// Quoted history and signature; empty when there is none.
        quoted_text: String,
        spoke_at: Timestamp,
        learnt_at: Timestamp,
        attachments: Vec<Attachment>,
        author: Author,
        /// What stands against its sender.
        doubts: Vec<Doubt>,
        guessed: bool,
        /// The account it came to.
        account: Option<AccountId>,
        /// Our other accounts that got a copy.
        also_to: Vec<AccountId>,
    },
    Reply {
        message: MessageId,
        channel: Channel,
        author: String,
        user: Option<UserId>,
        text: String,
        subject: String,
        to: String,
        /// `pending`, `delivered` or `failed`.
        delivery: String,
        #[ts(type = "number | null")]
        answered_in_s: Option<u64>,
        follow_up: bool,
    },
    Note {
        message: MessageId,
        author: String,
        user: Option<UserId>,
        text: String,
    },
    Call {
        message: MessageId,
        author: String,
        user: Option<UserId>,
        direction: CallDirection,
        outcome: CallOutcome,
        number: Option<String>,
        started_at: Timestamp,
        answered_at: Timestamp,
        ended_at: Timestamp,
        note: String,
        follow_up: bool,
        entered_by_hand: bool,
    },
    Change {
        /// As the table of changes names it: `assigned`, `resolved`, `at_risk`, …
        what: String,
        by: Option<UserId>,
        /// An id, an instant or words, as `what` needs.
        detail: String,
    },
}

impl Reader {
    /// A customer's page: the last `limit` entries before `before`, and every matter.
    pub fn customer(
        &self,
        id: CustomerId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Option<CustomerPage>, Error> {
        let db = self.db();
        let merges = Merges::read(db)?;
        let root = merges.root(id.0);
        let family = merges.family(root);
        let Some(customer) = self.card(root, &family)? else { return Ok(None) };
        let conversations = conversations(db, &family)?;
        let mut entries = self.entries(&conversations, before, limit + 1)?;
        let earlier = entries.len() > limit;
        if earlier {
            entries.remove(0);
        }
        let matters = conversations
            .iter()
            .filter_map(|c| self.matter(*c).transpose())
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Some(CustomerPage { customer, matters, entries, earlier }))
    }

    fn card(&self, root: Uuid, family: &[Uuid]) -> Result<Option<CustomerCard>, Error> {
        let db = self.db();
        let opened: Vec<(i64, Option<i64>)> = db
            .prepare_cached("SELECT opened_at, erased_at FROM customer WHERE id = ?1")
            .and_then(|mut s| s.query_map([root], |r| Ok((r.get(0)?, r.get(1)?)))?.collect())
            .doing("read a customer")?;
        let Some((opened_at, erased_at)) = opened.first() else { return Ok(None) };
        let mut identities = Vec::new();
        let mut turns = Vec::new();
        let mut resolved = 0;
        for member in family {
            identities.extend(customer::identities(db, *member)?);
            turns.extend(answered_turns(db, *member)?);
            resolved += resolved_matters(db, *member)?;
        }
        Ok(Some(CustomerCard {
            id: CustomerId(root),
            name: customer::name(db, root)?,
            identities,
            waits: waits(turns),
            resolved,
            opened_at: Timestamp::from_millis(*opened_at),
            erased_at: erased_at.map(Timestamp::from_millis),
        }))
    }

    fn matter(&self, id: Uuid) -> Result<Option<Matter>, Error> {
        let db = self.db();
        let conversation = ConversationId(id);
        let Some(state) = aggregate::load::<Conversation>(db, conversation.into())? else { return Ok(None) };
        let (status, priority, channels, guessed): (String, String, String, bool) = db
            .prepare_cached("SELECT status, priority, channels, guessed FROM conversation WHERE id = ?1")
            .and_then(|mut s| s.query_row([id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))))
            .doing("read a matter")?;
        Ok(Some(Matter {
            conversation,
            subject: state.subject.clone(),
            status: queue::status(&status),
            priority: queue::priority(&priority),
            team: state.team,
            assignee: state.assignee,
            timers: timer::of_conversation(db, id)?,
            snoozed_until: state.snoozed_until,
            opened_at: state.opened_at,
            channels: queue::channels(&channels),
            reply: self.routes(&state)?,
            last_seen: state.last_public(),
            read_only: state.read_only,
            merged_into: state.merged_into,
            guessed,
        }))
    }

    /// Every way to answer, the last used first. A form's sender left an address and no mailbox to
    /// answer from: the team's own mailbox takes that part.
    fn routes(&self, state: &Conversation) -> Result<Vec<ReplyRoute>, Error> {
        let accounts = self.accounts()?;
        let mut routes: Vec<ReplyRoute> = Vec::new();
        for route in state.routes.iter().rev() {
            let fits = |a: &&crate::AccountView| a.channel == route.channel;
            let account = accounts
                .iter()
                .filter(fits)
                .find(|a| a.id == route.account)
                .or_else(|| accounts.iter().filter(fits).find(|a| a.team == state.team))
                .or_else(|| accounts.iter().find(fits));
            let Some(account) = account else { continue };
            if routes.iter().all(|r| r.channel != route.channel) {
                let confirm = route.channel == Channel::Email
                    && !knows_recipient(&self.world_kept(), state, &route.to)?;
                let (channel, to) = (route.channel, route.to.clone());
                routes.push(ReplyRoute { channel, account: account.id, to, confirm });
            }
        }
        Ok(routes)
    }

    fn entries(
        &self,
        conversations: &[Uuid],
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<TimelineEntry>, Error> {
        let before = before.map_or(i64::MAX, u64::cast_signed);
        let limit = limit.cast_signed() as i64;
        let mut entries = Vec::new();
        for conversation in conversations {
            entries.extend(messages(self.db(), *conversation, before, limit)?);
            entries.extend(changes(self.db(), *conversation, before, limit)?);
        }
        entries.sort_unstable_by_key(|e: &TimelineEntry| std::cmp::Reverse(e.seq));
        entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        entries.sort_by_key(|e| (e.at, e.seq));
        Ok(entries)
    }
}

fn conversations(db: &Connection, family: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    let mut found: Vec<(bool, i64, Uuid)> = Vec::new();
    for member in family {
        let rows: Vec<(bool, i64, Uuid)> = db
            .prepare_cached(
                "SELECT status = 'resolved', -last_word_at, id FROM conversation WHERE customer = ?1",
            )
            .and_then(|mut s| s.query_map([member], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?.collect())
            .doing("read a customer's matters")?;
        found.extend(rows);
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|(.., id)| id).collect())
}

fn resolved_matters(db: &Connection, customer: Uuid) -> Result<usize, Error> {
    let count: i64 = db
        .prepare_cached("SELECT count(*) FROM conversation WHERE customer = ?1 AND status = 'resolved'")
        .and_then(|mut s| s.query_row([customer], |r| r.get(0)))
        .doing("count matters")?;
    Ok(usize::try_from(count).unwrap_or(0))
}

fn answered_turns(db: &Connection, customer: Uuid) -> Result<Vec<(Channel, u64)>, Error> {
    db.prepare_cached(
        "SELECT t.channel, t.consumed_before_s FROM conversation c JOIN timer t ON t.conversation = c.id
         WHERE c.customer = ?1 AND t.target <> 'resolution' AND t.closed_at IS NOT NULL AND t.waived = 0
           AND t.live_call = 0",
    )
    .and_then(|mut s| {
        s.query_map([customer], |r| {
            Ok((timer::channel(&r.get::<_, String>(0)?), r.get::<_, i64>(1)?.cast_unsigned()))
        })?
        .collect()
    })
    .doing("read a customer's waits")
}

fn waits(mut turns: Vec<(Channel, u64)>) -> Vec<ChannelWait> {
    turns.sort_unstable();
    turns
        .chunk_by(|a, b| a.0 == b.0)
        .map(|of| ChannelWait { channel: of[0].0, median_s: of[(of.len() - 1) / 2].1, turns: of.len() })
        .collect()
}

fn messages(
    db: &Connection,
    conversation: Uuid,
    before: i64,
    limit: i64,
) -> Result<Vec<TimelineEntry>, Error> {
    db.prepare_cached(
        "SELECT seq, id, channel, at, learnt_at, author, by_user, subject, text, detail, delivery,
             (SELECT consumed_before_s FROM timer t WHERE t.conversation = m.conversation
                AND t.answered_by = m.id LIMIT 1),
             coalesce((SELECT name FROM user u WHERE u.id = m.by_user), ''), account,
             (SELECT group_concat(lower(hex(k.account))) FROM copied k WHERE k.message = m.id)
         FROM message m WHERE conversation = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
    )
    .and_then(|mut s| {
        s.query_map((conversation, before, limit), |r| message(r, ConversationId(conversation)))?.collect()
    })
    .doing("read messages")
}

fn message(r: &Row, conversation: ConversationId) -> rusqlite::Result<TimelineEntry> {
    let seq = r.get::<_, i64>(0)?.cast_unsigned();
    let at = Timestamp::from_millis(r.get(3)?);
    let detail = serde_json::from_str(&r.get::<_, String>(9)?).unwrap_or(Detail::Note {});
    let kind = kind(r, at, detail)?;
    Ok(TimelineEntry { seq, conversation, at, pending: seq >= PROVISIONAL, kind })
}

fn kind(r: &Row, at: Timestamp, detail: Detail) -> rusqlite::Result<EntryKind> {
    let message = MessageId(r.get(1)?);
    let channel = timer::channel(&r.get::<_, String>(2)?);
    let user = r.get::<_, Option<Uuid>>(6)?.map(UserId);
    let text: String = r.get(8)?;
    Ok(match detail {
        Detail::Received { from, attachments, author, doubts, guessed, folded } => EntryKind::Message {
            message,
            channel,
            from_name: r.get(5)?,
            from,
            subject: r.get(7)?,
            fresh_text: part(&text, &folded, false),
            quoted_text: part(&text, &folded, true),
            text,
            spoke_at: at,
            learnt_at: Timestamp::from_millis(r.get(4)?),
            attachments,
            author,
            doubts,
            guessed,
            account: r.get::<_, Option<Uuid>>(13)?.map(AccountId),
            also_to: accounts(r.get(14)?),
        },
        Detail::Reply { to, follow_up } => EntryKind::Reply {
            message,
            channel,
            author: r.get(5)?,
            user,
            text,
            subject: r.get(7)?,
            to,
            delivery: r.get(10)?,
            answered_in_s: r.get::<_, Option<i64>>(11)?.map(i64::cast_unsigned),
            follow_up,
        },
        Detail::Note {} => EntryKind::Note { message, author: r.get(12)?, user, text },
        Detail::Call(call) => EntryKind::Call {
            message,
            author: r.get(12)?,
            user,
            direction: call.direction,
            outcome: call.outcome,
            number: call.number.map(|n| n.value),
            started_at: call.started_at,
            answered_at: call.answered_at,
            ended_at: call.ended_at,
            note: call.note,
            follow_up: call.follow_up,
            entered_by_hand: call.entered_by_hand,
        },
    })
}

/// Ids as SQLite joins them.
fn accounts(hex: Option<String>) -> Vec<AccountId> {
    let ids = hex.unwrap_or_default();
    let mut ids: Vec<Uuid> = ids.split(',').filter_map(|id| Uuid::try_parse(id).ok()).collect();
    ids.sort_unstable();
    ids.into_iter().map(AccountId).collect()
}

/// The folded part of a text, or the rest of it. Ranges that do not fit the text are left out.
fn part(text: &str, folded: &[(u32, u32)], want: bool) -> String {
    let mut part = String::new();
    let mut at = 0;
    for (from, to) in folded {
        let (Ok(from), Ok(to)) = (usize::try_from(*from), usize::try_from(*to)) else { continue };
        let (Some(between), Some(inside)) = (text.get(at..from), text.get(from..to)) else { continue };
        part.push_str(if want { inside } else { between });
        at = to;
    }
    if !want {
        part.push_str(&text[at..]);
    }
    part.trim().to_owned()
}

fn changes(
    db: &Connection,
    conversation: Uuid,
    before: i64,
    limit: i64,
) -> Result<Vec<TimelineEntry>, Error> {
    db.prepare_cached(
        "SELECT seq, at, what, by_user, detail FROM change WHERE conversation = ?1 AND seq < ?2
         ORDER BY seq DESC LIMIT ?3",
    )
    .and_then(|mut s| {
        s.query_map((conversation, before, limit), |r| {
            let seq = r.get::<_, i64>(0)?.cast_unsigned();
            Ok(TimelineEntry {
                seq,
                conversation: ConversationId(conversation),
                at: Timestamp::from_millis(r.get(1)?),
                pending: seq >= PROVISIONAL,
                kind: EntryKind::Change {
                    what: r.get(2)?,
                    by: r.get::<_, Option<Uuid>>(3)?.map(UserId),
                    detail: r.get(4)?,
                },
            })
        })?
        .collect()
    })
    .doing("read changes")
}
