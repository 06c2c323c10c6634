//! Whom a desk talks to, over real TLS, and what stays on it when its sign-in is ended from elsewhere.

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use evendesk_desk::client::trust::Trust;
use evendesk_desk::view::{ConnectionState, SessionEnded};
use evendesk_desk::{Desk, Options as DeskOptions};
use evendesk_domain::command::CommandBody;
use evendesk_domain::id::UserId;
use evendesk_domain::settings::Role;
use evendesk_server::tls::Files;
use evendesk_server::writer::Work;
use evendesk_server::{Options, Running, Server};
use evendesk_testkit::world::{PASSWORD, World, until};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use uuid::Uuid;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, Uuid::now_v7().to_string());
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn certificate(by: &Authority, name: &str, until_year: i32) -> (String, String) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_after = date_time_ymd(until_year, 1, 1);
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, by).unwrap().pem(), key.serialize_pem())
}

/// A server that encrypts, with one person, and the authority that its certificate may be from.
struct Encrypted {
    runtime: Runtime,
    running: Option<Running>,
    files: Files,
    ca: PathBuf,
    authority: Authority,
    folder: tempfile::TempDir,
}

impl Encrypted {
    fn start(name: &str, until_year: i32) -> Self {
        let runtime = Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let authority = authority();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, authority.pem()).unwrap();
        let files = Files { certificate: folder.path().join("c.pem"), key: folder.path().join("k.pem") };
        write(&files, certificate(&authority, name, until_year));
        let mut options = Options::new(folder.path().join("server"));
        options.tls = Some(files.clone());
        let running = runtime.block_on(Server::start(options)).unwrap();
        let (id, login) = (UserId(Uuid::now_v7()), "ada".to_owned());
        let body = CommandBody::SaveUser { id, name: "Ada".into(), login, role: Role::Admin, teams: vec![] };
        runtime.block_on(running.app().writer.settle(Work::Operator(Box::new(body)))).unwrap();
        let hash = evendesk_server::auth::hash(PASSWORD).unwrap();
        running.app().journal.set_password(id, &hash).unwrap();
        Self { runtime, running: Some(running), files, ca, authority, folder }
    }

    fn port(&self) -> u16 {
        self.running.as_ref().unwrap().addr().port()
    }

    fn desk(&self, ca: Option<&Path>) -> Desk {
        let options = DeskOptions { ca: ca.map(Path::to_owned), ..DeskOptions::default() };
        Desk::open(&self.folder.path().join(Uuid::now_v7().to_string()), options).unwrap()
    }

    fn refusal(&self, ca: Option<&Path>, address: &str) -> String {
        self.desk(ca).sign_in(address, "ada", PASSWORD).unwrap_err().to_string()
    }
}

impl Drop for Encrypted {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }
}

fn write(files: &Files, (certificate, key): (String, String)) {
    std::fs::write(&files.certificate, certificate).unwrap();
    std::fs::write(&files.key, key).unwrap();
}

#[test]
fn over_tls_a_desk_signs_in_and_its_socket_works() {
    let server = Encrypted::start("localhost", 2100);
    let desk = server.desk(Some(&server.ca));
    desk.sign_in(&format!("https://localhost:{}", server.port()), "ada", PASSWORD).unwrap();
    until("the desk is in sync", || desk.connection().state == ConnectionState::InSync);
    assert_eq!(desk.devices().unwrap().len(), 1);
}

#[test]
fn a_certificate_that_is_not_good_is_refused_in_words() {
    let server = Encrypted::start("localhost", 2100);
    let address = format!("https://localhost:{}", server.port());
    let unknown = server.refusal(None, &address);
    assert!(unknown.contains("authority that this computer does not know"), "{unknown}");
    let stranger = server.folder.path().join("stranger.pem");
    std::fs::write(&stranger, authority().pem()).unwrap();
    let unknown = server.refusal(Some(&stranger), &address);
    assert!(unknown.contains("authority that this computer does not know"), "{unknown}");
    let wrong = server.refusal(Some(&server.ca), &format!("https://127.0.0.1:{}", server.port()));
    assert!(wrong.contains("for another name"), "{wrong}");

    let old = Encrypted::start("localhost", 2020);
    let expired = old.refusal(Some(&old.ca), &format!("https://localhost:{}", old.port()));
    assert!(expired.contains("has expired"), "{expired}");
}

#[test]
fn plain_text_to_a_port_that_encrypts_gets_nowhere_and_neither_does_tls_to_a_plain_one() {
    let server = Encrypted::start("localhost", 2100);
    server.refusal(Some(&server.ca), &format!("http://localhost:{}", server.port()));

    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = plain.local_addr().unwrap().port();
    let answering = std::thread::spawn(move || {
        let (mut caller, _) = plain.accept().unwrap();
        let _ = caller.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
    let refused = server.refusal(Some(&server.ca), &format!("https://localhost:{port}"));
    assert!(refused.contains("does not encrypt"), "{refused}");
    answering.join().unwrap();
}

#[test]
fn a_redirect_is_not_followed_to_where_nothing_is_encrypted() {
    let server = Encrypted::start("localhost", 2100);
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let target = elsewhere.local_addr().unwrap();
    let redirecting = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = redirecting.local_addr().unwrap().port();
    let answering = std::thread::spawn(move || {
        let (mut caller, _) = redirecting.accept().unwrap();
        let mut asked = [0; 1024];
        let _ = std::io::Read::read(&mut caller, &mut asked);
        let moved = format!(
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{target}/api/session\r\ncontent-length: 0\r\n\r\n"
        );
        let _ = caller.write_all(moved.as_bytes());
    });
    server.refusal(None, &format!("http://localhost:{port}"));
    answering.join().unwrap();
    assert!(elsewhere.accept().is_err(), "nobody came to where it pointed");
}

#[test]
fn a_certificate_is_taken_over_when_its_file_changes() {
    let server = Encrypted::start("elsewhere.example", 2100);
    let address = format!("https://localhost:{}", server.port());
    let refused = server.refusal(Some(&server.ca), &address);
    assert!(refused.contains("for another name"), "{refused}");
    write(&server.files, certificate(&server.authority, "localhost", 2100));
    // Looked at every ten seconds.
    let began = std::time::Instant::now();
    while server.desk(Some(&server.ca)).sign_in(&address, "ada", PASSWORD).is_err() {
        assert!(began.elapsed().as_secs() < 60, "the new certificate was not taken over");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

/// A renewed certificate whose files look as old as those before: nothing but the signal tells of it.
#[test]
fn a_certificate_is_taken_over_when_the_server_is_told_to() {
    let server = Encrypted::start("elsewhere.example", 2100);
    // As a service manager finds it: the signal is listened to.
    let _listening = server.runtime.block_on(async { signal(SignalKind::hangup()).unwrap() });
    let address = format!("https://localhost:{}", server.port());
    server.refusal(Some(&server.ca), &address);
    let files = [&server.files.certificate, &server.files.key];
    let written = files.map(|file| std::fs::metadata(file).unwrap().modified().unwrap());
    write(&server.files, certificate(&server.authority, "localhost", 2100));
    for (file, at) in files.into_iter().zip(written) {
        std::fs::File::options().write(true).open(file).unwrap().set_modified(at).unwrap();
    }
    server.refusal(Some(&server.ca), &address);
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::HUP).unwrap();
    until("the new certificate is taken over", || {
        server.desk(Some(&server.ca)).sign_in(&address, "ada", PASSWORD).is_ok()
    });
}

#[test]
fn over_tls_browsers_are_told_to_come_encrypted_always() {
    let server = Encrypted::start("localhost", 2100);
    let http = Trust::new(Some(&server.ca)).unwrap().http().unwrap();
    let url = format!("https://localhost:{}/health", server.port());
    let answer = server.runtime.block_on(async { http.get(url).send().await.unwrap() });
    let told = answer.headers().get("strict-transport-security").expect("it is told").to_str().unwrap();
    assert!(told.contains("max-age="), "{told}");
}

#[test]
fn a_desk_says_nothing_in_plain_text_to_anybody_beyond_its_own_computer() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path(), DeskOptions::default()).unwrap();
    // Of documentation: nobody is there, and nobody is asked.
    for address in ["http://192.0.2.1", "http://desk.example", "https://192.0.2.1, http://192.0.2.2"] {
        let refused = desk.sign_in(address, "ada", PASSWORD).unwrap_err();
        assert!(refused.to_string().contains("https"), "{address}: {refused}");
        let refused = desk.join(address, "7777-7777-7777-7777-7777", "ada", PASSWORD).unwrap_err();
        assert!(refused.to_string().contains("https"), "{address}: {refused}");
    }
}

#[test]
fn files_that_do_not_belong_together_stop_the_start_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files { certificate: folder.path().join("c.pem"), key: folder.path().join("k.pem") };
    let authority = authority();
    let (certificate_pem, _) = certificate(&authority, "localhost", 2100);
    write(&files, (certificate_pem, KeyPair::generate().unwrap().serialize_pem()));
    evendesk_desk::client::install_tls();
    assert!(files.load().unwrap_err().to_string().contains("do not serve"));
    std::fs::write(&files.certificate, "").unwrap();
    assert!(files.load().unwrap_err().to_string().contains("no certificate"));
}

#[test]
fn a_desk_that_is_revoked_says_so_forgets_what_it_held_and_keeps_what_was_typed() {
    let world = World::new();
    let (admin, ada) = (world.seat("Root", Role::Admin), world.seat("Ada", Role::Agent));
    let (conversation, _) = world.writes("cid@customer.example", "where is my parcel?");
    until("the mail is there", || !ada.texts(conversation).is_empty());
    ada.desk.draft_put(conversation, "half a").unwrap();

    let devices = admin.desk.devices().unwrap();
    let device = devices.iter().find(|d| d.user == ada.user).unwrap();
    admin.desk.revoke_device(device.user, device.device).unwrap();
    until("the desk says why", || ada.desk.session().unwrap().ended == Some(SessionEnded::Revoked));
    until("what it held is gone", || ada.texts(conversation).is_empty());
    ada.desk.draft_put(conversation, "half a sentence").unwrap();
    assert_eq!(ada.desk.session().unwrap().kept, 1);

    ada.desk.sign_in(&world.url(), "ada", PASSWORD).unwrap();
    until("the mail is back", || !ada.texts(conversation).is_empty());
    assert_eq!(ada.desk.draft_get(conversation).unwrap().as_deref(), Some("half a sentence"));
    assert_eq!(ada.desk.session().unwrap().ended, None);
}

#[test]
fn a_desks_files_are_its_owners_alone() {
    let world = World::new();
    let ada = world.seat("Ada", Role::Agent);
    let (conversation, _) = world.writes("cid@customer.example", "hello");
    until("the mail is there", || !ada.texts(conversation).is_empty());
    let mut folders = vec![ada.folder().to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let Ok(about) = path.metadata() else { continue };
            let others = about.permissions().mode() & 0o077;
            assert_eq!(others, 0, "{} is open to others", path.display());
            if about.is_dir() {
                folders.push(path);
            } else {
                files += 1;
            }
        }
    }
    assert!(files >= 3, "there is something to look at");
}
