//! Mails with HTML are read: nothing in them runs, nothing is fetched before somebody asks, links say where they go.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use evendesk_testkit::eventually::{eventually, eventually_now};
use evendesk_testkit::screen::Screen;
use evendesk_testkit::window::Window;
use serde_json::json;

use crate::office::{ADA, APP, Office};

const PATIENCE: Duration = Duration::from_secs(15);
/// What is fetched on opening is fetched well within this.
const WOULD_HAVE_BEEN_FETCHED: Duration = Duration::from_secs(2);

/// The text within the mail's frame.
const FRAME: &str =
    "return document.querySelector('[data-testid=letter] iframe')?.contentDocument?.body?.innerText ?? ''";

/// Every way to fetch, run, send or lead elsewhere that markup has. `SPY` is somebody who counts.
const HOSTILE: &str = r#"
<html><head><title>x</title>
<base href="SPY/base/"><meta http-equiv="refresh" content="0;url=SPY/refresh">
<link rel="stylesheet" href="SPY/link.css"><link rel="prefetch" href="SPY/prefetch"><link rel="preload" as="image" href="SPY/preload">
<link rel="dns-prefetch" href="SPY"><link rel="icon" href="SPY/icon">
<style>@import "SPY/import.css"; body { background: url(SPY/body) } @font-face { font-family: spy; src: url(SPY/font) } p { font-family: spy }</style>
<script src="SPY/script.js"></script><script>parent.document.title = "taken"; fetch("SPY/fetch"); new Image().src = "SPY/image"</script></head>
<body background="SPY/background" onload="parent.document.title='taken'">
<p style="background: url(SPY/style); list-style-image: url('SPY/list'); content: url(SPY/content)">The parcel came open.</p>
<img src="SPY/broken" srcset="SPY/srcset 2x" onerror="parent.document.title='taken'" width="1" height="1">
<picture><source srcset="SPY/source"><img src="SPY/pixel" style="display:none"></picture>
<video poster="SPY/poster" src="SPY/video" autoplay></video><audio src="SPY/audio" autoplay></audio>
<table background="SPY/table"><tr><td background="SPY/cell">cell</td></tr></table>
<svg width="9" height="9"><image href="SPY/svg" /><use href="SPY/use#a" /><script>parent.document.title="taken"</script><foreignObject><img src="SPY/foreign"></foreignObject></svg>
<math><mtext><table><mglyph><style><img src="SPY/math" onerror="parent.document.title='taken'"></style></mglyph></table></mtext></math>
<iframe src="SPY/iframe"></iframe><iframe srcdoc="&lt;img src=SPY/srcdoc&gt;&lt;script&gt;top.document.title='taken'&lt;/script&gt;"></iframe>
<object data="SPY/object"></object><embed src="SPY/embed"><input type="image" src="SPY/input">
<form action="SPY/form" id="f"><button formaction="SPY/button" autofocus onfocus="parent.document.title='taken'">Send</button></form>
<a href="javascript:parent.document.title='taken'">run</a> <a href="//spy.example/x" ping="SPY/ping">no scheme</a>
<details open ontoggle="parent.document.title='taken'"><summary>more</summary></details>
<marquee onstart="parent.document.title='taken'">m</marquee>
</body></html>"#;

/// Somebody who counts what is fetched, and gives a picture to whoever asks.
struct Spy {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Spy {
    fn listen() -> Spy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let noted = Arc::clone(&asked);
        std::thread::spawn(move || {
            for caller in listener.incoming() {
                let Ok(mut caller) = caller else { return };
                let mut request = [0; 4096];
                let read = caller.read(&mut request).unwrap_or(0);
                noted.lock().unwrap().push(String::from_utf8_lossy(&request[..read]).into_owned());
                let picture = include_bytes!("../../icons/128x128.png");
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    picture.len()
                );
                let _ = caller.write_all(head.as_bytes()).and_then(|()| caller.write_all(picture));
            }
        });
        Spy { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> =
            self.asked().iter().filter_map(|r| Some(r.split(' ').nth(1)?.to_owned())).collect();
        paths.sort();
        paths
    }
}

fn html(body: &str) -> String {
    format!("Content-Type: text/html; charset=utf-8\n\n{body}\n")
}

async fn frame_shows(window: &Window<'_>, words: &str) {
    let what = format!("the mail shows {words:?}");
    let look = async || window.script(FRAME, &[]).await.as_str()?.contains(words).then_some(());
    eventually(&what, PATIENCE, look).await;
}

#[tokio::test]
async fn nothing_of_a_hostile_mail_runs_or_is_fetched_and_the_frame_holds_without_the_cleaning() {
    let spy = Spy::listen();
    let office = Office::open_where(|server| server.serves_with("--allow-private-webhooks"));
    let screen = Screen::start();
    let window = office.seat(&screen, ADA).await;
    let hostile = HOSTILE.replace("SPY", &spy.address);
    office.carla_sends("<hostile@customer.example>", "Parcel", &html(&hostile));
    window.shows("Carla Neri").await;
    window.press("j Enter").await;
    frame_shows(&window, "The parcel came open.").await;
    window.shows("2 tracking pixels removed (127.0.0.1)").await;
    tokio::time::sleep(WOULD_HAVE_BEEN_FETCHED).await;
    assert_eq!(spy.paths(), [""; 0], "nothing is fetched");

    // The same as it came, past the cleaning: once as markup, once as a document that is written.
    const PAST_THE_CLEANING: &str = "const [hostile, way] = arguments;
        const document_ = document.querySelector('[data-testid=letter] iframe').contentDocument;
        if (way === 'markup') document_.body.innerHTML = hostile;
        else { document_.open(); document_.write(hostile); document_.close(); }";
    for way in ["markup", "document"] {
        window.script(PAST_THE_CLEANING, &[json!(hostile), json!(way)]).await;
        tokio::time::sleep(WOULD_HAVE_BEEN_FETCHED).await;
        assert_eq!(spy.paths(), [""; 0], "nothing is fetched past the cleaning, as {way}");
        assert_eq!(window.client().title().await.unwrap(), "Evendesk", "no script runs, as {way}");
    }
    window.close().await;
}

#[tokio::test]
async fn pictures_come_when_asked_for_links_say_where_they_go_and_all_of_it_is_there_without_the_server() {
    let spy = Spy::listen();
    let mut office = Office::open_where(|server| server.serves_with("--allow-private-webhooks"));
    let screen = Screen::start();
    let window = office.seat(&screen, ADA).await;
    let newsletter = NEWSLETTER.replace("SPY", &spy.address);
    office.carla_sends("<news@customer.example>", "Spring shoes", &html(&newsletter));
    window.shows("Carla Neri").await;
    window.press("j Enter").await;
    frame_shows(&window, "Walk into spring").await;
    window.shows("2 pictures from 127.0.0.1 not loaded").await;
    window.shows("1 tracking pixel removed (127.0.0.1)").await;
    window.picture("letter-1-newsletter").await;
    assert_eq!(spy.paths(), [""; 0]);

    window.click("button", "Always for Carla Neri").await;
    eventually_now("the pictures are fetched", PATIENCE, || (spy.paths().len() == 2).then_some(()));
    assert_eq!(spy.paths(), ["/hero.png", "/shoe.png"], "and the pixel is not");
    for asked in spy.asked() {
        let asked = asked.to_ascii_lowercase();
        assert!(!asked.contains("cookie:") && !asked.contains("referer:"), "{asked}");
    }
    pictures_shown(&window, 2).await;
    window.picture("letter-2-pictures").await;

    focus(&window, "link", "See all shoes").await;
    window.shows("shop.example").await;
    window.shows("https://shop.example/all?from=mail").await;
    assert_eq!(screen.opened_links(), [""; 0]);
    window.press("Enter").await;
    eventually_now("the link is opened", PATIENCE, || screen.opened_links().first().cloned());
    window.click("link", "bank.example").await;
    window.shows("Its words say bank.example, but it goes to evil.example").await;
    window.picture("letter-3-link").await;
    window.press("Escape").await;
    assert_eq!(screen.opened_links(), ["https://shop.example/all?from=mail"]);

    window.press("v").await;
    window.shows("Walk into spring").await;
    window.picture("letter-4-text").await;
    window.close().await;

    office.server.kill();
    let window = Window::open(&screen, Path::new(APP), &[]).await;
    window.shows("Carla Neri").await;
    window.press("j Enter").await;
    frame_shows(&window, "Walk into spring").await;
    pictures_shown(&window, 2).await;
    assert_eq!(spy.paths().len(), 2, "they are on this computer");
    window.close().await;
}

#[tokio::test]
async fn mails_of_every_look_are_readable_in_light_and_dark_with_their_history_folded_and_their_files_below()
{
    let office = Office::open();
    let screen = Screen::start();
    let window = office.seat(&screen, ADA).await;
    office.carla_sends("<plain@customer.example>", "Lamp", PLAIN);
    window.shows("Carla Neri").await;
    office.carla_sends("<outlook@customer.example>", "AW: Lamp", &html(OUTLOOK));
    let logo = BASE64.encode(include_bytes!("../../icons/32x32.png"));
    let photo = BASE64.encode(include_bytes!("../../icons/128x128@2x.png"));
    let packed = PACKED.replace("LOGO", &logo).replace("PHOTO", &photo);
    office.carla_sends("<packed@customer.example>", "Photo of the lamp", &packed);
    window.press("j Enter").await;
    window.shows("photo.png").await;

    let looks = "return [...document.querySelectorAll('[data-testid=letter] iframe')].map((f) => f.contentDocument.body.innerText).join('|')";
    eventually("both mails are laid out", PATIENCE, async || {
        let text = window.script(looks, &[]).await.as_str().unwrap_or_default().to_owned();
        (text.contains("Thank you for the bulb") && text.contains("as you see")).then_some(())
    })
    .await;
    let shown = window.script(looks, &[]).await.to_string();
    assert!(!shown.contains("we are looking into it"), "history is folded: {shown}");
    eventually("the logo is in its place", PATIENCE, async || {
        let loaded = "return [...document.querySelectorAll('[data-testid=letter] iframe')]
            .flatMap((f) => [...f.contentDocument.images]).filter((i) => i.naturalWidth === 32).length";
        (window.script(loaded, &[]).await == json!(1)).then_some(())
    })
    .await;
    assert_eq!(
        window.script("return document.querySelectorAll('[data-testid=attachment]').length", &[]).await,
        json!(2)
    );
    window.find("[data-testid=attachment] img").await;
    window.shows("An answer goes to lamps@elsewhere.example, not to whom it is from.").await;
    window.picture("letter-5-light").await;
    window.click("button", "Quoted text").await;
    eventually("history is unfolded", PATIENCE, async || {
        window.script(looks, &[]).await.to_string().contains("we are looking into it").then_some(())
    })
    .await;
    focus(&window, "button", "Keep a copy of photo.png in Downloads").await;
    window.press("Enter").await;
    window.shows("Kept as").await;
    window.close().await;

    screen.darken();
    let window = Window::open(&screen, Path::new(APP), &[]).await;
    window.shows("Carla Neri").await;
    window.press("j Enter").await;
    frame_shows(&window, "Thank you for the bulb").await;
    window.find("[data-testid=attachment] img").await;
    window.picture("letter-6-dark").await;
    window.close().await;
}

/// As somebody gets there who uses no pointer.
async fn focus(window: &Window<'_>, role: &str, name: &str) {
    let element = serde_json::to_value(window.by_role(role, name).await).expect("an element");
    window.script("arguments[0].focus()", &[element]).await;
}

async fn pictures_shown(window: &Window<'_>, count: usize) {
    const SHOWN: &str =
        "return [...document.querySelector('[data-testid=letter] iframe').contentDocument.images]
        .filter((image) => image.naturalWidth > 0).length";
    let look = async || (window.script(SHOWN, &[]).await == json!(count)).then_some(());
    eventually("the pictures are shown", PATIENCE, look).await;
}

const NEWSLETTER: &str = r##"<html><body bgcolor="#f2efe8" style="margin:0;background:#f2efe8">
<div style="display:none;max-height:0">New in the shop this week</div>
<table width="100%" cellpadding="0" cellspacing="0" bgcolor="#f2efe8"><tr><td align="center" style="padding:24px">
<table width="600" cellpadding="0" cellspacing="0" bgcolor="#ffffff" style="border-radius:8px;font-family:Helvetica,Arial,sans-serif">
<tr><td style="padding:28px 32px 8px"><h1 style="margin:0;color:#1d3b2f;font-size:28px">Walk into spring</h1></td></tr>
<tr><td style="padding:0 32px;color:#444444;font-size:15px;line-height:22px">Light shoes for long evenings, <b>20&nbsp;% off</b> until Sunday.</td></tr>
<tr><td style="padding:16px 32px"><img src="SPY/hero.png" alt="A path through a wood in spring" width="128" height="128"> <img src="SPY/shoe.png" alt="A green shoe" width="96" height="96"></td></tr>
<tr><td style="padding:8px 32px 28px"><a href="https://shop.example/all?from=mail" style="display:inline-block;padding:10px 18px;background:#1d3b2f;color:#ffffff;text-decoration:none;border-radius:4px">See all shoes</a></td></tr>
<tr><td style="padding:12px 32px;background-color:#e8f0ea;color:#55655c;font-size:12px">Pay by transfer at <a href="https://evil.example/login">bank.example</a>. <a href="https://shop.example/unsubscribe">Unsubscribe</a></td></tr>
</table></td></tr></table><img src="SPY/open.gif" width="1" height="1" alt=""></body></html>"##;

const PLAIN: &str =
    "Content-Type: text/plain; charset=utf-8\n\nThe lamp came without its bulb.\nCould you send one?\n";

const OUTLOOK: &str = r##"<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta charset="utf-8">
<style><!-- p.MsoNormal {margin:0cm; font-size:11.0pt; font-family:"Calibri",sans-serif;} --></style></head>
<body lang="EN-GB" link="#0563C1" vlink="#954F72"><div class="WordSection1">
<p class="MsoNormal"><span style="font-size:11.0pt;font-family:Calibri,sans-serif;color:#1F497D">Thank you for the bulb. It <b>fits</b>, and the shade came as well.<o:p></o:p></span></p>
<p class="MsoNormal">&nbsp;</p>
<ul><li>Order 20881</li><li>Delivered on Tuesday</li></ul>
<p class="MsoNormal"><span style="color:black">Kind regards<br>Carla Neri</span></p>
<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">
<p class="MsoNormal"><b>From:</b> Support &lt;support@shop.example&gt;<br><b>Sent:</b> Tuesday, 24 November 2026 10:12<br><b>To:</b> Carla Neri<br><b>Subject:</b> Re: Lamp</p></div></div>
<p class="MsoNormal">Good morning Carla, we are looking into it.</p></div></body></html>"##;

const PACKED: &str = r##"Reply-To: lamps@elsewhere.example
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: multipart/related; boundary="inner"

--inner
Content-Type: text/html; charset=utf-8

<p>The lamp is <i>crooked</i>, as you see. <a href="https://photos.example/lamp">More photos</a></p><p><img src="cid:logo@neri" alt="Neri"></p>
--inner
Content-Type: image/png
Content-ID: <logo@neri>
Content-Disposition: inline; filename="logo.png"
Content-Transfer-Encoding: base64

LOGO
--inner--
--outer
Content-Type: image/png; name="photo.png"
Content-Disposition: attachment; filename="photo.png"
Content-Transfer-Encoding: base64

PHOTO
--outer
Content-Type: application/pdf; name="Rechnung =?utf-8?q?f=C3=BCr_die_Lampe.pdf?="
Content-Disposition: attachment; filename="invoice 20881.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--outer--
"##;
