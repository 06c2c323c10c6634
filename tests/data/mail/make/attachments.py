"""Files, inline pictures, messages in messages, calendars, cards, winmail.dat, PGP and S/MIME; MIME that lies."""

import base64
import struct

from letter import html, mail, mixed, multipart, part, plain

TEXT = part("text/plain", "See the file.")
PDF = b"%PDF-1.4 not much of one\n"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def file(name, media_type="application/pdf", content=PDF, disposition="attachment"):
    return part(media_type, content, "base64", f'{disposition}; filename="{name}"')


def one(name, media_type="application/pdf", size=len(PDF), inline=False):
    return {"name": name, "type": media_type, "bytes": size, "inline": inline}


def mails():
    yield from files()
    yield from pictures()
    yield from messages()
    yield from calendars_and_cards()
    yield from winmail()
    yield from sealed()
    yield from lies()


def files():
    def named(name, why, disposition, expected, media_type="application/pdf"):
        return mixed(f"file-{name}", why, TEXT, part(media_type, PDF, "base64", disposition),
                     text="See the file.", attachments=[one(expected, media_type.split(";")[0])])

    yield named("plain", "a name as it should be", 'attachment; filename="bill.pdf"', "bill.pdf")
    yield named("unquoted", "a name with a space and no quotes", "attachment; filename=my bill.pdf", "my bill.pdf")
    yield named("2231", "RFC 2231", "attachment; filename*=utf-8'de'Gr%C3%B6%C3%9Fe.pdf", "Größe.pdf")
    yield named("2231-latin1", "RFC 2231 in Latin-1", "attachment; filename*=iso-8859-1''Gr%F6%DFe.pdf", "Größe.pdf")
    yield named("2231-pieces", "a character cut in two between pieces",
                "attachment;\n filename*0*=utf-8''Gr%C3;\n filename*1*=%B6%C3%9F;\n filename*2=\"e.pdf\"", "Größe.pdf")
    yield named("2231-disorder", "pieces in disorder", "attachment; filename*1=\"b.pdf\"; filename*0=\"a\"", "ab.pdf")
    yield named("both", "the extended name before the plain one",
                "attachment; filename=\"Groesse.pdf\"; filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf", "Größe.pdf")
    yield named("word", "an encoded word where none may be", 'attachment; filename="=?utf-8?Q?Gr=C3=B6=C3=9Fe.pdf?="', "Größe.pdf")
    yield named("words-split", "encoded words that cut a character in two",
                'attachment; filename="=?utf-8?B?R3LD?=\n =?utf-8?B?tsOfZS5wZGY=?="', "Größe.pdf")
    yield named("raw", "UTF-8 as it is", 'attachment; filename="Größe.pdf"'.encode(), "Größe.pdf")
    yield named("raw-latin1", "Latin-1 as it is", 'attachment; filename="Größe.pdf"'.encode("latin-1"), "Größe.pdf")
    yield named("path", "a name that is a path", 'attachment; filename="../../etc/passwd.pdf"', "passwd.pdf")
    yield named("windows-path", "a path of Windows", 'attachment; filename="C:\\Users\\ada\\bill.pdf"', "bill.pdf")
    yield named("dots", "a name of dots", 'attachment; filename="..."', "attachment.pdf")
    yield named("rtl", "a name turned around to hide its end",
                "attachment; filename*=utf-8''bill%E2%80%AEfdp.exe", "billfdp.exe")
    yield named("control", "control characters and markup", "attachment; filename*=utf-8''a%00b%0A%3Cimg%3E.pdf", "a b img.pdf")
    yield named("type-name", "a name of the type only", "attachment", "bill.pdf", 'application/pdf; name="bill.pdf"')
    yield named("nameless", "no name at all", "attachment", "attachment.pdf")
    yield named("semicolon", "a semicolon in a name", 'attachment; filename="a;b.pdf"', "a;b.pdf")
    yield mixed("file-twice", "two files of one name are both kept", TEXT, file("a.pdf"), file("a.pdf"),
                attachments=[one("a.pdf"), one("a.pdf")])
    yield mixed("file-html", "an attached page is a file, not the text", TEXT,
                part("text/html", "<p>page</p>", disposition='attachment; filename="p.html"'),
                text="See the file.", attachments=[one("p.html", "text/html", 11)])
    own = {"Content-Type": "application/pdf", "Content-Transfer-Encoding": "base64",
           "Content-Disposition": 'attachment; filename="only.pdf"'}
    yield mail("file-alone", "a mail that is a file", base64.encodebytes(PDF), own, text="", attachments=[one("only.pdf")])
    yield mixed("file-empty", "an empty file is a file", TEXT, file("empty.txt", "text/plain", b""),
                attachments=[one("empty.txt", "text/plain", 0)])
    yield mixed("file-text-kept", "a text file keeps its very bytes", TEXT,
                part("text/csv; charset=iso-8859-1", b"\xfc;\xe4\n", "base64", 'attachment; filename="t.csv"'),
                attachments=[one("t.csv", "text/csv", 4)])


def pictures():
    body = part("text/html", '<p>Look: <img src="cid:pic@x" alt="broken cup"></p>')
    picture = part("image/png; name=cup.png", PNG, "base64", "inline", **{"Content-ID": "<pic@x>"})
    yield mixed("inline-cid", "a picture in the text", body, picture, multi="related", text="Look: broken cup",
                safe_html_has=['src="cid:pic@x"'], attachments=[one("cup.png", "image/png", len(PNG), True)])
    attached = part("image/png; name=cup.png", PNG, "base64", "attachment", **{"Content-ID": "<pic@x>"})
    yield mixed("inline-named-attachment", "a picture in the text that is called an attachment", body, attached,
                multi="related", attachments=[one("cup.png", "image/png", len(PNG), True)])
    loose = part("image/png; name=cup.png", PNG, "base64", "inline")
    yield mixed("inline-no-cid", "a picture of Apple Mail between two texts", part("text/plain", "Before"), loose,
                part("text/plain", "After"), text_has=["Before", "After"],
                attachments=[one("cup.png", "image/png", len(PNG), True)])
    yield mixed("inline-unreferenced", "a part of related that nothing names is an attachment",
                part("text/html", "<p>Hi</p>"), part("image/png; name=a.png", PNG, "base64", **{"Content-ID": "<b@x>"}),
                multi="related", attachments=[one("a.png", "image/png", len(PNG))])
    yield html("inline-data", "a picture within the HTML, and one from elsewhere",
               '<p>Hi</p><img src="data:image/png;base64,AAAA"><img src="https://spy.example/p.gif">',
               safe_html_not=["data:", "spy.example"], text="Hi")


def nested(subject="Your offer", body="The old offer was 5 euro.\n"):
    return f"From: Bob Broker <bob@broker.example>\nTo: ada@customer.example\nSubject: {subject}\n" \
           f"Date: Mon, 2 Mar 2026 08:00:00 +0100\nMessage-ID: <old@broker.example>\n\n{body}".encode()


def messages():
    yield mixed("nested-forward", "a message forwarded as a file can be read", part("text/plain", "Please see below."),
                part("message/rfc822", nested(), disposition="attachment"),
                fresh_text_has=["Please see below.", "Bob Broker", "Your offer", "The old offer was 5 euro."],
                attachment_names=["Your offer.eml"], message_id="nested-forward@customer.example", subject="Order 4711")
    yield mixed("nested-base64", "a message that is coded, against the rules", part("text/plain", "Please see below."),
                part("message/rfc822", nested(), "base64"), text_has=["The old offer was 5 euro."])
    yield mixed("nested-path", "a message whose subject looks like a path", part("text/plain", "x"),
                part("message/rfc822", nested("a/b\\c?")), attachment_names=["a-b-c.eml"])
    yield mixed("nested-file", "files of a message in a message are in it", part("text/plain", "x"),
                part("message/rfc822", b"From: b@c.example\nSubject: inner\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\n"
                     b"inner text\n--i\nContent-Type: application/pdf; name=in.pdf\nContent-Disposition: attachment\n\n%PDF\n--i--\n"),
                attachment_names=["inner.eml"], text_has=["inner text"])
    deep = nested("deepest", "the deepest word\n")
    for depth in range(3):
        deep = f"From: b{depth}@c.example\nSubject: level {depth}\nContent-Type: message/rfc822\n\n".encode() + deep
    yield mixed("nested-deep", "messages in messages", part("text/plain", "x"), part("message/rfc822", deep),
                attachment_names=["level 2.eml"], text_has=["the deepest word"])
    yield mixed("nested-digest", "a digest", part("message/rfc822", nested("One", "first\n")),
                part("message/rfc822", nested("Two", "second\n")), multi="digest",
                attachment_names=["One.eml", "Two.eml"], text_has=["first", "second"])


def event(method, summary="Visit of the workshop", extra=""):
    return f"""BEGIN:VCALENDAR
VERSION:2.0
METHOD:{method}
BEGIN:VEVENT
UID:1@customer.example
DTSTART;TZID=Europe/Berlin:20260310T100000
DTEND;TZID=Europe/Berlin:20260310T110000
SUMMARY:{summary}
LOCATION:Dock 4\\, gate B
ORGANIZER;CN=Ada:mailto:ada@customer.example
{extra}END:VEVENT
END:VCALENDAR
"""


def calendars_and_cards():
    def calendar(name, why, method, word, extra=""):
        own, body = multipart("alternative", part("text/plain", "As agreed."),
                              part(f"text/calendar; method={method}", event(method, extra=extra)), boundary="alt")
        return mail(f"calendar-{name}", why, body, own, attachment_names=["invite.ics"],
                    text_has=["As agreed.", f"{word}: Visit of the workshop", "2026-03-10 10:00", "Dock 4, gate B"])

    yield calendar("invitation", "an invitation", "REQUEST", "Invitation")
    yield calendar("cancelled", "a cancellation", "CANCEL", "Cancelled")
    yield calendar("reply", "an answer to an invitation, with how it was answered", "REPLY", "Answer to an invitation",
                   "ATTENDEE;PARTSTAT=DECLINED;CN=Ada:mailto:ada@customer.example\n")
    yield mixed("calendar-attached", "an event as a file only", part("text/plain", "As agreed."),
                part("application/ics; name=visit.ics", event("PUBLISH").encode(), "base64", 'attachment; filename="visit.ics"'),
                text_has=["Visit of the workshop"], attachment_names=["visit.ics"])
    yield mixed("calendar-alone-html", "HTML and an event", part("text/html", "<p>As agreed.</p>"),
                part("text/calendar; method=REQUEST", event("REQUEST", "Über\\nuns\\; alles")), multi="alternative",
                text_has=["As agreed.", "Über uns; alles"])
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:Bob Broker\nORG:Broker\\, Sons;Claims\nTEL;TYPE=WORK:+49 30 1234\n" \
           "EMAIL:bob@broker.example\nEND:VCARD\n"
    yield mixed("vcard", "a card can be read", part("text/plain", "Call him."),
                part("text/vcard; name=bob.vcf", card.encode(), "base64", "attachment"),
                text_has=["Call him.", "Bob Broker", "+49 30 1234", "bob@broker.example", "Broker, Sons"], attachment_names=["bob.vcf"])
    old = "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg\n" \
          "TEL;CELL:0170 555\nEND:VCARD\n"
    yield mixed("vcard-2.1", "a card of an old phone", part("text/plain", "Call him."),
                part("text/x-vcard", old, disposition="attachment"), text_has=["Jörg Müller", "0170 555"],
                attachment_names=["contact.vcf"])
    yield mixed("vcard-broken", "a card without an end", part("text/plain", "Call him."),
                part("text/vcard", "BEGIN:VCARD\nFN", disposition="attachment"), text="Call him.")


def attribute(level, kind, data):
    return struct.pack("<BII", level, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def mapi(*properties):
    """MAPI properties: (tag, bytes) each as one value of variable length."""
    out = struct.pack("<I", len(properties))
    for tag, data in properties:
        out += struct.pack("<III", tag, 1, len(data)) + data + b"\0" * (-len(data) % 4)
    return out


def tnef(*attributes):
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


def winmail():
    attached = [attribute(2, 0x00069002, b"\1\0" + b"\0" * 12), attribute(2, 0x00018010, b"BILL~1.PDF\0"),
                attribute(2, 0x0006800F, PDF), attribute(2, 0x00069005, mapi((0x3707001F, "Größe.pdf\0".encode("utf-16-le")),
                                                                            (0x370E001E, b"application/pdf\0")))]
    container = tnef(attribute(1, 0x00089006, b"\0\0\1\0"), *attached)
    size = len(container)
    yield mixed("tnef-file", "a file in winmail.dat", part("text/plain", "See the file."),
                part("application/ms-tnef; name=winmail.dat", container, "base64"), text="See the file.",
                attachments=[one("winmail.dat", "application/ms-tnef", size), one("Größe.pdf")])
    body = tnef(attribute(1, 0x00069003, mapi((0x1000001F, "Text only in TNEF, größer.\0".encode("utf-16-le")))))
    yield mixed("tnef-text", "the text is in winmail.dat only",
                part("application/octet-stream; name=winmail.dat", body, "base64"), text="Text only in TNEF, größer.")
    body = tnef(attribute(1, 0x00069003, mapi((0x10130102, b"<p>Only <b>HTML</b></p>"))))
    yield mixed("tnef-html", "HTML in winmail.dat only", part("application/ms-tnef", body, "base64"),
                text="Only HTML", safe_html_has=["<b>HTML</b>"])
    yield mixed("tnef-cut", "a winmail.dat that was cut", part("text/plain", "See the file."),
                part("application/ms-tnef; name=winmail.dat", container[:60], "base64"), text="See the file.",
                attachment_names=["winmail.dat"], problems_has=["winmail.dat"])
    long = tnef(struct.pack("<BII", 2, 0x0006800F, 0xFFFFFFF0) + b"x")
    yield mixed("tnef-lies", "a winmail.dat that says 4 GB", part("text/plain", "See the file."),
                part("application/ms-tnef; name=winmail.dat", long, "base64"), attachment_names=["winmail.dat"])


def sealed():
    signature = part("application/pgp-signature; name=signature.asc", "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n")
    own = {"Content-Type": 'multipart/signed; protocol="application/pgp-signature"; micalg=pgp-sha256; boundary="=_edge"'}
    yield mixed("pgp-signed", "signed with PGP/MIME", part("text/plain", "Signed words."), signature, fields=own,
                text="Signed words.", attachment_names=["signature.asc"], problems_has=["signed with PGP"])
    own = {"Content-Type": 'multipart/encrypted; protocol="application/pgp-encrypted"; boundary="=_edge"'}
    yield mixed("pgp-encrypted", "encrypted with PGP/MIME", part("application/pgp-encrypted", "Version: 1\n"),
                part("application/octet-stream; name=encrypted.asc", "-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n"),
                fields=own, attachment_names=["version.txt", "encrypted.asc"], problems_has=["encrypted with PGP"])
    inline = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n=abcd\n-----END PGP MESSAGE-----\n"
    yield plain("pgp-inline-encrypted", "encrypted in the text", inline, problems_has=["encrypted with PGP"],
                fresh_text_has=["BEGIN PGP MESSAGE"])
    inline = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nMy words.\n-----BEGIN PGP SIGNATURE-----\n\niQE\n-----END PGP SIGNATURE-----\n"
    yield plain("pgp-inline-signed", "signed in the text", inline, fresh_text_has=["My words."], fresh_text_not=["iQE"],
                problems_has=["signed with PGP"])
    p7s = part("application/pkcs7-signature; name=smime.p7s", b"\x30\x80", "base64", 'attachment; filename="smime.p7s"')
    own = {"Content-Type": 'multipart/signed; protocol="application/pkcs7-signature"; boundary="=_edge"'}
    yield mixed("smime-signed", "signed with S/MIME", part("text/plain", "Signed words."), p7s, fields=own,
                text="Signed words.", attachment_names=["smime.p7s"], problems_has=["signed with S/MIME"])
    own = {"Content-Type": "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "Content-Transfer-Encoding": "base64"}
    yield mail("smime-encrypted", "encrypted with S/MIME", base64.encodebytes(b"\x30\x80\x06"), own,
               attachment_names=["smime.p7m"], problems_has=["encrypted with S/MIME"], text="")
    own = {"Content-Type": "application/x-pkcs7-mime; smime-type=signed-data", "Content-Transfer-Encoding": "base64"}
    yield mail("smime-opaque", "signed with S/MIME so that its text is inside", base64.encodebytes(b"\x30\x80\x06"), own,
               attachment_names=["smime.p7m"], problems_has=["signed with S/MIME"])


def lies():
    yield mail("mime-no-boundary", "a multipart that names no boundary", "The words are here.",
               {"Content-Type": "multipart/mixed"}, text_has=["The words are here."])
    yield mail("mime-boundary-never", "a boundary that never comes", "The words are here.",
               {"Content-Type": "multipart/mixed; boundary=never"}, text_has=["The words are here."])
    own, body = multipart("mixed", TEXT, file("a.pdf"))
    yield mail("mime-no-end", "no last boundary", body.replace(b"--=_edge--\r\n", b""), own, text="See the file.",
               attachments=[one("a.pdf")])
    yield mail("mime-cut", "cut in the middle of a file", body[:-30], own, text="See the file.", attachment_names=["a.pdf"])
    yield mail("mime-base64-is-not", "base64 that is plain text", "These words are plain, not coded!",
               {"Content-Transfer-Encoding": "base64"}, text_has=["These words are plain"])
    yield mail("mime-base64-dirty", "base64 with dirt between", "SGVsbG8g\n  *dGhlcmUs\n!IGFsbA==\n",
               {"Content-Transfer-Encoding": "base64", "Content-Type": "text/plain; charset=utf-8"}, text="Hello there, all")
    yield mixed("mime-lost-text", "a text among others that is not coded as it says is text", part("text/plain", "First."),
                b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nJust words, in no code!", text_has=["First.", "Just words, in no code!"],
                attachments=[])
    yield mail("mime-qp-broken", "quoted-printable with codes that are none", "50=% off =ZZ caf=C3=A9=\n!",
               {"Content-Transfer-Encoding": "quoted-printable", "Content-Type": "text/plain; charset=utf-8"},
               text_has=["50", "off", "café"])
    yield mail("mime-unknown-coding", "a coding nobody knows", "Plain anyway", {"Content-Transfer-Encoding": "x-none"}, text="Plain anyway")
    yield mail("mime-type-nonsense", "a type that is none", "Plain anyway", {"Content-Type": "text"}, text_has=["Plain anyway"])
    yield html("mime-html-called-plain", "HTML under the name of plain text stays text", "<p>Hi</p>",
               {"Content-Type": "text/plain"}, text="<p>Hi</p>", safe_html=None)
    yield mixed("mime-empty-plain", "an empty text beside full HTML", part("text/plain", "\n"), part("text/html", "<p>All is here.</p>"),
                multi="alternative", text="All is here.")
    yield mixed("mime-two-texts", "two texts are both shown", part("text/plain", "First part."), part("text/plain", "Second part."),
                text_has=["First part.", "Second part."])
    yield mail("mime-none", "no MIME at all", "Just words.\n", {"MIME-Version": None}, text="Just words.")
    yield mail("mime-bare-lf", "line feeds alone", b"One\nTwo\n", {}, text="One\nTwo")
    yield mail("mime-bare-cr", "carriage returns alone", b"One\rTwo\r", {}, text="One\nTwo")
    own, body = multipart("mixed", *[file(f"f{n}.pdf", content=b"x") for n in range(250)])
    yield mail("mime-250-files", "more files than are kept apart are counted", body, own, problems_has=["50 further attachments"])
    deep = b"the deepest words"
    for n in range(60):
        deep = f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n".encode() + (b"\r\n" if n == 0 else b"") \
               + deep + f"\r\n--b{n}--\r\n".encode()
    head, _, rest = deep.partition(b"\r\n\r\n")
    yield mail("mime-deep", "parts sixty deep", rest, {"Content-Type": head.split(b": ", 1)[1]}, text_has=["the deepest words"])
    yield mixed("mime-text-after-html", "text after HTML is shown, with the HTML", part("text/html", "<p>Markup words.</p>"),
                part("text/plain", "The list's footer."), text_has=["Markup words.", "The list's footer."])
    yield mixed("mime-format-flowed", "lines that flow", part("text/plain; format=flowed; charset=utf-8", "One line that \nflows on.\n"),
                text_has=["One line that", "flows on."])
