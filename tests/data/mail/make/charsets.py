"""Charsets and encoded words: true, false, missing and broken."""

import base64

from letter import mail

TEXTS = [
    ("iso-8859-1", "latin-1", "Die Größe der Bücher stört mich."),
    ("iso-8859-2", "iso8859-2", "Žluťoučký kůň přijel pozdě."),
    ("iso-8859-5", "iso8859-5", "Заказ ещё не пришёл."),
    ("iso-8859-7", "iso8859-7", "Η παραγγελία δεν ήρθε."),
    ("iso-8859-9", "iso8859-9", "Sipariş İzmir'e ulaşmadı, şükür."),
    ("iso-8859-15", "iso8859-15", "Das kostet 12 € im œuvre."),
    ("windows-1250", "cp1250", "Zażółć gęślą jaźń – „teraz”."),
    ("windows-1251", "cp1251", "Посылка пришла пустой — что делать?"),
    ("windows-1252", "cp1252", "“Fine” – 5 € less…"),
    ("windows-1253", "cp1253", "Πού είναι το δέμα μου;"),
    ("windows-1254", "cp1254", "Ürün bozuk çıktı, değişim istiyorum."),
    ("windows-1255", "cp1255", "ההזמנה שלי לא הגיעה"),
    ("windows-1256", "cp1256", "لم يصل طلبي بعد"),
    ("windows-1257", "cp1257", "Kur yra mano siunta? Ačiū"),
    ("windows-1258", "cp1258", "Xin chào, hàng c\u00e2u"),
    ("koi8-r", "koi8-r", "Где мой заказ?"),
    ("koi8-u", "koi8-u", "Де моє замовлення, її немає?"),
    ("ibm866", "cp866", "Где мой заказ?"),
    ("macintosh", "mac-roman", "Größe “passt” nicht"),
    ("tis-620", "cp874", "สินค้ายังไม่มา"),
    ("gb2312", "gbk", "我的訂單還沒有到，謝謝。"),
    ("gb18030", "gb18030", "我的订单还没有到𠮷。"),
    ("big5", "big5", "我的訂單還沒有到。"),
    ("shift_jis", "cp932", "注文した商品が①個届きません。"),
    ("euc-jp", "euc-jp", "注文した商品が届きません。"),
    ("iso-2022-jp", "iso2022_jp", "注文した商品が届きません。"),
    ("ks_c_5601-1987", "cp949", "주문한 물건이 안 왔어요. 똠방"),
    ("euc-kr", "euc-kr", "주문한 물건이 안 왔어요."),
    ("utf-16le", "utf-16-le", "Größe in 16 Bit"),
    ("utf-7", "utf-7", "Größe in 7 Bit"),
    ("utf-8", "utf-8", "Grüße 👩‍🔧 und 日本"),
]


def b64(charset, text, codec=None):
    return f"=?{charset}?B?{base64.b64encode(text.encode(codec or charset)).decode()}?="


def mails():
    for label, codec, text in TEXTS:
        body = base64.encodebytes(text.encode(codec)) if "16" in label else text.encode(codec) + b"\r\n"
        coding = "base64" if "16" in label else "8bit"
        fields = {"Content-Type": f"text/plain; charset={label}", "Content-Transfer-Encoding": coding}
        yield mail(f"charset-{label}", f"a body in {label}", body, fields, text=text, problems=[])
    yield from mislabelled()
    yield from words()


def mislabelled():
    def body(name, why, content, charset, text, **more):
        kind = "text/plain" + (f"; charset={charset}" if charset else "")
        return mail(f"charset-{name}", why, content, {"Content-Type": kind, "Content-Transfer-Encoding": "8bit"},
                    text=text, **more)

    umlauts = "Schöne Grüße aus Köln, wo alles größer ist."
    yield body("utf8-called-latin1", "UTF-8 under the name of ISO-8859-1", umlauts.encode(), "iso-8859-1", umlauts)
    yield body("utf8-called-ascii", "UTF-8 under the name of US-ASCII", umlauts.encode(), "us-ascii", umlauts)
    yield body("latin1-called-utf8", "Latin-1 under the name of UTF-8", umlauts.encode("latin-1"), "utf-8", umlauts)
    yield body("latin1-called-ascii", "Latin-1 under the name of US-ASCII", umlauts.encode("latin-1"), "us-ascii", umlauts)
    yield body("undeclared-utf8", "UTF-8 without a name", umlauts.encode(), None, umlauts)
    yield body("undeclared-latin1", "Latin-1 without a name", umlauts.encode("latin-1"), None, umlauts)
    russian = "Здравствуйте! Подскажите, пожалуйста, где находится мой заказ и когда его доставят."
    yield body("undeclared-1251", "windows-1251 without a name is guessed", russian.encode("cp1251"), None, russian)
    yield body("undeclared-koi8", "KOI8-R under a name nobody knows is guessed", russian.encode("koi8-r"), "x-unknown", russian)
    japanese = "お世話になっております。注文した商品がまだ届いていません。よろしくお願いいたします。"
    yield body("undeclared-sjis", "Shift_JIS without a name is guessed", japanese.encode("cp932"), None, japanese)
    yield body("undeclared-2022", "ISO-2022-JP without a name is seen by its escapes", japanese.encode("iso2022_jp"), None, japanese)
    yield body("bogus-label", "a name that no charset has", umlauts.encode(), "foo-8", umlauts)
    yield body("quoted-label", "a name in quotes of another kind, and upper case", umlauts.encode(), "\"UTF-8\"", umlauts)
    yield body("one-broken-byte", "one broken byte does not make UTF-8 something else",
               umlauts.encode() + b" \xc3\x28 ok", "utf-8", umlauts + " \ufffd( ok")
    yield body("latin1-is-1252", "ISO-8859-1 with bytes that only windows-1252 has", b"\x935 \x80\x94 \x96 ok", "iso-8859-1", "“5 €” – ok")
    yield body("nul-bytes", "NULs between letters are taken out", b"H\0e\0llo\0 there", "us-ascii", "Hello there")
    yield body("bom", "a byte order mark is no letter", b"\xef\xbb\xbfHello", "utf-8", "Hello")
    yield body("utf16-by-mark", "UTF-16 that only its mark tells", "\ufeffGröße".encode("utf-16-le"), "utf-16", "Größe")
    yield body("cp-1252", "a misspelt name", "Größe".encode("cp1252"), "cp-1252", "Größe")
    yield body("hz", "a charset that browsers refuse is shown as it came", b"~{VPND~} ok", "hz-gb-2312", "~{VPND~} ok")
    yield body("bidi-override", "a mark that turns the text is taken out", "Pay \u202e5 euro".encode(), "utf-8", "Pay 5 euro")
    markup = f"<html><head><meta charset='windows-1251'></head><body><p>{russian}</p></body></html>"
    yield mail("charset-in-markup", "HTML that names its charset only inside", markup.encode("cp1251"),
               {"Content-Type": "text/html", "Content-Transfer-Encoding": "8bit"}, text=russian, safe_html_has=[russian])


def words():
    def subject(name, why, value, expected, **more):
        return mail(f"words-{name}", why, "Hello", {"Subject": value} | more.pop("fields", {}), subject=expected, **more)

    yield subject("q", "Q in Latin-1", "=?iso-8859-1?Q?Gr=F6=DFe_=26_Farbe?=", "Größe & Farbe")
    yield subject("b-1252", "B in windows-1252", b64("windows-1252", "„5 €“"), "„5 €“")
    split = base64.b64encode("Ä".encode()[:1]).decode(), base64.b64encode("Ä".encode()[1:] + b"rger").decode()
    yield subject("split-character", "a character cut in two between words",
                  f"=?utf-8?B?{split[0]}?=\r\n =?utf-8?B?{split[1]}?=", "Ärger")
    yield subject("split-q", "the same in Q", "=?UTF-8?Q?K=C3?= =?utf-8?q?=B6ln?=", "Köln")
    yield subject("raw-utf8", "UTF-8 as it is", "Größe 日本".encode(), "Größe 日本")
    yield subject("raw-latin1", "Latin-1 as it is", "Bestellung in Größe 42".encode("latin-1"), "Bestellung in Größe 42")
    yield subject("spaces", "a word with spaces in it", "=?utf-8?Q?Where is=3A my order?= now", "Where is: my order now")
    yield subject("no-end", "a word without an end", "=?utf-8?Q?Caf=C3=A9", "Café")
    yield subject("no-padding", "B without padding", "=?utf-8?B?R3LDvMOfZQ?=", "Grüße")
    yield subject("unknown", "an encoding nobody knows stays", "=?utf-8?Z?abc?=", "=?utf-8?Z?abc?=")
    yield subject("language", "a language after the charset", "=?utf-8*de?Q?Gr=C3=B6=C3=9Fe?=", "Größe")
    yield subject("adjacent", "words and text side by side", "Re: =?utf-8?Q?Gr=C3=B6?= =?utf-8?Q?=C3=9Fe?= 42", "Re: Größe 42")
    yield subject("mixed-charsets", "words of several charsets", b64("koi8-r", "Где") + " =?utf-8?Q?_=C3=BC?=", "Где ü")
    yield subject("iso2022", "ISO-2022-JP", b64("iso-2022-jp", "注文について", "iso2022_jp"), "注文について")
    yield subject("folded", "folded over lines", "one\r\n two\r\n\tthree", "one two three")
    yield subject("control", "control characters and markup are text", "=?utf-8?Q?=1B[31m<b>x</b>=00=0A=E2=80=AEy?=", "[31m<b>x</b> y")
    yield subject("empty", "an empty subject", "", "")
    yield subject("missing", "no subject", None, "")

    def sender(name, why, value, from_name, address="ada@customer.example", **more):
        return mail(f"words-from-{name}", why, "Hello", {"From": value}, from_name=from_name, from_address=address, **more)

    yield sender("quoted-word", "a word in quotes", '"=?utf-8?Q?M=C3=BCller=2C_Ada?=" <ada@customer.example>', "Müller, Ada")
    yield sender("raw-latin1", "Latin-1 as it is", "Ada Müller <ada@customer.example>".encode("latin-1"), "Ada Müller")
    yield sender("split", "a name cut in mid-character", "=?utf-8?B?TcO=?= =?utf-8?B?vGxsZXI=?= <ada@customer.example>", "Müller")
    yield sender("comma", "an encoded comma is no second sender", "=?utf-8?Q?Byte=2C_Ada?= <ada@customer.example>", "Byte, Ada")
    yield sender("address-inside", "an encoded address is a name", "=?utf-8?Q?bank=40bank.example?= <ada@customer.example>",
                 "bank@bank.example", doubts=["name_is_address"])
    yield sender("wholly", "name and address in one word", "=?utf-8?Q?Ada_=3Cada=40customer.example=3E?=", "Ada")
    yield sender("bidi", "marks that turn a name", "=?utf-8?Q?=E2=80=AEetyB_adA=E2=80=AC?= <ada@customer.example>", "etyB adA")
    yield sender("bare", "no name", "ada@customer.example", "")
    yield sender("comment", "a comment as its name", "ada@customer.example (Ada Byte)", "Ada Byte")
    yield sender("group", "a group", "Team: Ada <ada@customer.example>, bob@customer.example;", "Ada")
