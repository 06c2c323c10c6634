//! Forms: a public page that works without a script, and the same for programs as JSON.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use evendesk_channels::intake::{Arrival, Intake, IntakeError, Outcome, SetAside};
use evendesk_channels::web_form::{Field, FieldError, Submission, check};
use evendesk_domain::channel::Channel;
use evendesk_domain::decide::World;
use evendesk_domain::id::AccountId;
use evendesk_domain::settings::Account;
use serde::Serialize;
use uuid::Uuid;

use super::HttpError;
use super::error::Asked;
use super::guard::Caller;
use crate::state::App;

/// Bytes of a submission: a text at its limit, with every byte escaped.
pub const BODY: usize = 4 * evendesk_domain::limits::TEXT_BYTES;

/// What the JSON endpoint answers when fields need correcting.
#[derive(Serialize)]
struct Correct {
    code: &'static str,
    sentence: &'static str,
    fields: Vec<FieldError>,
}

enum Taken {
    In,
    ToCorrect(Vec<FieldError>),
}

pub async fn page(State(app): State<App>, Path(account): Path<Uuid>) -> Result<Response, HttpError> {
    let account = form(&app, account)?;
    let fresh = Submission {
        id: Uuid::new_v4().to_string(),
        opened_at: Some(app.clock.now().millis()),
        ..Submission::default()
    };
    Ok(shown(StatusCode::OK, &draw(&account, &fresh, &[])))
}

pub async fn submit_page(
    State(app): State<App>,
    Caller(address): Caller,
    Path(account): Path<Uuid>,
    Form(submission): Form<Submission>,
) -> Result<Response, HttpError> {
    let account = form(&app, account)?;
    app.limits.forms.try_take(address, app.clock.now()).map_err(HttpError::TooMany)?;
    // Our page always says when it was opened: what leaves that out was not filled in on it.
    let judged = Submission { opened_at: submission.opened_at.or(Some(0)), ..submission.clone() };
    Ok(match take(&app, account.id, &judged).await? {
        Taken::In => shown(StatusCode::OK, &thanks(&account)),
        Taken::ToCorrect(fields) => {
            shown(StatusCode::UNPROCESSABLE_ENTITY, &draw(&account, &submission, &fields))
        }
    })
}

pub async fn submit_json(
    State(app): State<App>,
    Caller(address): Caller,
    Path(account): Path<Uuid>,
    Asked(submission): Asked<Submission>,
) -> Result<Response, HttpError> {
    let account = form(&app, account)?;
    app.limits.forms.try_take(address, app.clock.now()).map_err(HttpError::TooMany)?;
    Ok(match take(&app, account.id, &submission).await? {
        Taken::In => StatusCode::CREATED.into_response(),
        Taken::ToCorrect(fields) => {
            let correct = Correct { code: "invalid", sentence: "Some fields need correcting.", fields };
            (StatusCode::UNPROCESSABLE_ENTITY, Json(correct)).into_response()
        }
    })
}

fn form(app: &App, account: Uuid) -> Result<Account, HttpError> {
    let account = app.readers.get()?.world_kept().account(AccountId(account))?;
    account.filter(|a| a.settings.channel == Channel::WebForm).ok_or(HttpError::NotFound)
}

/// Takes a submission in. What looks like spam is set aside, and answered as if it were taken.
async fn take(app: &App, account: AccountId, submission: &Submission) -> Result<Taken, HttpError> {
    let submitted = match check(submission, account, app.clock.now(), None) {
        Ok(submitted) => submitted,
        Err(fields) => return Ok(Taken::ToCorrect(fields)),
    };
    let reception = app.reception();
    let bytes = submission.message.len() as u64;
    let outcome = match submitted.suspicion {
        None => Outcome::Read(Box::new(submitted.inbound)),
        Some(reason) => {
            let raw =
                serde_json::to_vec(&submitted.inbound).map_err(|e| HttpError::Internal(e.to_string()))?;
            let raw = Some(reception.put_blob(raw).await?);
            Outcome::SetAside(SetAside { raw, reason: reason.to_owned() })
        }
    };
    reception.arrived(account, vec![Arrival { uid: None, bytes, outcome }], None).await?;
    Ok(Taken::In)
}

impl From<IntakeError> for HttpError {
    fn from(e: IntakeError) -> Self {
        match e {
            IntakeError::Store(why) => Self::Internal(why),
            IntakeError::NoSuchAccount => Self::NotFound,
            IntakeError::Stopping => Self::Busy,
        }
    }
}

/// Nothing is loaded from anywhere, and the page may send to us alone.
fn shown(status: StatusCode, html: &str) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, Html(html.to_owned())).into_response()
}

const PAGE: &str = include_str!("form.html");
const THANKS: &str = include_str!("form_thanks.html");

fn draw(account: &Account, form: &Submission, wrong: &[FieldError]) -> String {
    let says: HashMap<Field, &str> = wrong.iter().map(|w| (w.field, w.says.as_str())).collect();
    let summary = if wrong.is_empty() { "" } else { "Some fields need correcting." };
    let whole = says.get(&Field::Id).copied().unwrap_or(summary);
    let opened_at = form.opened_at.map(|t| t.to_string()).unwrap_or_default();
    let mut page = PAGE
        .replace("{title}", &escape(&account.settings.name))
        .replace("{summary}", &alert("summary", whole))
        .replace("{id}", &escape(&form.id))
        .replace("{opened_at}", &opened_at);
    let fields = [
        (Field::Name, "name", &form.name),
        (Field::Email, "email", &form.email),
        (Field::Phone, "phone", &form.phone),
        (Field::Subject, "subject", &form.subject),
        (Field::Message, "message", &form.message),
    ];
    // The values go in last, so that nothing typed is taken for a place to fill in.
    for (field, name, _) in fields {
        let hint = says.get(&field).copied().unwrap_or_default();
        let invalid = if hint.is_empty() {
            String::new()
        } else {
            format!(r#" aria-invalid="true" aria-describedby="{name}-hint""#)
        };
        page = page
            .replace(&format!("{{{name}_hint}}"), &alert(&format!("{name}-hint"), hint))
            .replace(&format!("{{{name}_invalid}}"), &invalid);
    }
    fill(&page, &fields.map(|(_, name, value)| (name, escape(value))))
}

/// Puts every value in its place in one pass.
fn fill(page: &str, values: &[(&str, String)]) -> String {
    let mut filled = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("{value:") {
        filled.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        if let Some((_, value)) = values.iter().find(|(n, _)| *n == name) {
            filled.push_str(value);
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn alert(id: &str, says: &str) -> String {
    if says.is_empty() {
        return String::new();
    }
    format!(r#"<p class="wrong" id="{id}" role="alert">{}</p>"#, escape(says))
}

fn thanks(account: &Account) -> String {
    THANKS.replace("{title}", &escape(&account.settings.name))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Nothing typed may look like a place to fill in.
            '{' => escaped.push_str("&#123;"),
            other => escaped.push(other),
        }
    }
    escaped
}
