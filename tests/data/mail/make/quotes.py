"""Quoted history, signatures and forwards, as mail programs write them in many languages."""

from letter import html, mixed, part, plain

ADDRESS = "help@desk.example"
# Gmail: the sentence over a quotation, by language.
GMAIL = [
    ("en", "Thank you, that works.", "On Tue, 3 Mar 2026 at 09:15, Desk Team <{a}> wrote:"),
    ("de", "Danke, das klappt.", "Am Di., 3. März 2026 um 09:15 Uhr schrieb Desk Team <{a}>:"),
    ("fr", "Merci, ça marche.", "Le mar. 3 mars 2026 à 09:15, Desk Team <{a}> a écrit :"),
    ("es", "Gracias, funciona.", "El mar, 3 mar 2026 a las 9:15, Desk Team (<{a}>) escribió:"),
    ("it", "Grazie, funziona.", "Il giorno mar 3 mar 2026 alle ore 09:15 Desk Team <{a}> ha scritto:"),
    ("pt-br", "Obrigado, funciona.", "Em ter., 3 de mar. de 2026 às 09:15, Desk Team <{a}> escreveu:"),
    ("pt", "Obrigada, já está.", "Desk Team <{a}> escreveu (terça, 3/03/2026 à(s) 09:15):"),
    ("nl", "Dank je, dat werkt.", "Op di 3 mrt 2026 om 09:15 schreef Desk Team <{a}>:"),
    ("sv", "Tack, det fungerar.", "Den tis 3 mars 2026 kl 09:15 skrev Desk Team <{a}>:"),
    ("da", "Tak, det virker.", "Den tirs. 3. mar. 2026 kl. 09.15 skrev Desk Team <{a}>:"),
    ("nb", "Takk, det virker.", "tir. 3. mars 2026 kl. 09:15 skrev Desk Team <{a}>:"),
    ("fi", "Kiitos, se toimii.", "ti 3. maalisk. 2026 klo 9.15 Desk Team ({a}) kirjoitti:"),
    ("pl", "Dziękuję, działa.", "wt., 3 mar 2026 o 09:15 Desk Team <{a}> napisał(a):"),
    ("cs", "Děkuji, funguje to.", "út 3. 3. 2026 v 9:15 odesílatel Desk Team <{a}> napsal:"),
    ("sk", "Ďakujem, ide to.", "ut 3. 3. 2026 o 9:15 Desk Team <{a}> napísal(a):"),
    ("hu", "Köszönöm, működik.", "Desk Team <{a}> ezt írta (időpont: 2026. márc. 3., K, 9:15):"),
    ("ro", "Mulțumesc, merge.", "În mar., 3 mar. 2026 la 09:15, Desk Team <{a}> a scris:"),
    ("hr", "Hvala, radi.", "uto, 3. ožu 2026. u 09:15 Desk Team <{a}> napisao je:"),
    ("tr", "Teşekkürler, çalışıyor.", "Desk Team <{a}>, 3 Mar 2026 Sal, 09:15 tarihinde şunu yazdı:"),
    ("el", "Ευχαριστώ, λειτουργεί.", "Στις Τρί 3 Μαρ 2026 στις 9:15 π.μ., ο χρήστης Desk Team <{a}> έγραψε:"),
    ("ru", "Спасибо, работает.", "вт, 3 мар. 2026 г. в 09:15, Desk Team <{a}>:"),
    ("uk", "Дякую, працює.", "вт, 3 бер. 2026 р. о 09:15 Desk Team <{a}> пише:"),
    ("bg", "Благодаря, работи.", "На вт, 3.03.2026 г. в 9:15 Desk Team <{a}> написа:"),
    ("zh-cn", "谢谢，可以了。", "Desk Team <{a}> 于2026年3月3日周二 09:15写道："),
    ("zh-tw", "謝謝，可以了。", "Desk Team <{a}> 於 2026年3月3日 週二 上午9:15寫道："),
    ("ja", "ありがとうございます。", "2026年3月3日(火) 9:15 Desk Team <{a}>:"),
    ("ko", "고맙습니다. 됩니다.", "2026년 3월 3일 (화) 오전 9:15, Desk Team <{a}>님이 작성:"),
    ("he", "תודה, זה עובד.", "בתאריך יום ג׳, 3 במרץ 2026 ב-9:15 מאת Desk Team <{a}>:"),
    ("ar", "شكرا، إنه يعمل.", "في الثلاثاء، 3 مارس 2026 في 9:15 ص تمت كتابة ما يلي بواسطة Desk Team <{a}>:"),
    ("vi", "Cảm ơn, được rồi.", "Vào Th 3, 3 thg 3, 2026 vào lúc 09:15 Desk Team <{a}> đã viết:"),
    ("id", "Terima kasih, berhasil.", "Pada Sel, 3 Mar 2026 pukul 09.15 Desk Team <{a}> menulis:"),
]
# Outlook: the names of the fields over what is answered, by language.
OUTLOOK = [
    ("en", "Fine with me.", "From", "Sent", "To", "Subject"),
    ("de", "Passt mir.", "Von", "Gesendet", "An", "Betreff"),
    ("fr", "Cela me va.", "De", "Envoyé", "À", "Objet"),
    ("es", "Me parece bien.", "De", "Enviado", "Para", "Asunto"),
    ("it", "Per me va bene.", "Da", "Inviato", "A", "Oggetto"),
    ("pt", "Por mim, está bem.", "De", "Enviada", "Para", "Assunto"),
    ("nl", "Prima.", "Van", "Verzonden", "Aan", "Onderwerp"),
    ("sv", "Det går bra.", "Från", "Skickat", "Till", "Ämne"),
    ("da", "Det er fint.", "Fra", "Sendt", "Til", "Emne"),
    ("fi", "Sopii.", "Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"),
    ("pl", "Pasuje.", "Od", "Wysłano", "Do", "Temat"),
    ("cs", "Vyhovuje mi to.", "Od", "Odesláno", "Komu", "Předmět"),
    ("ru", "Мне подходит.", "От", "Отправлено", "Кому", "Тема"),
    ("tr", "Bana uyar.", "Kimden", "Gönderildi", "Kime", "Konu"),
    ("ja", "それで結構です。", "差出人", "送信日時", "宛先", "件名"),
    ("zh", "没问题。", "发件人", "发送时间", "收件人", "主题"),
    ("ko", "좋습니다.", "보낸 사람", "보낸 날짜", "받는 사람", "제목"),
]
ANSWERED = "We sent you a new cup.\n\nYour Desk Team"
MARKED = "> We sent you a new cup.\n>\n> Your Desk Team\n"


def mails():
    for language, said, sentence in GMAIL:
        sentence = sentence.format(a=ADDRESS)
        yield plain(f"quote-gmail-{language}", f"Gmail ({language})", f"{said}\n\n{sentence}\n\n{MARKED}",
                    fresh_text=said, quoted_text_has=["new cup", sentence])
    for language, said, *names in OUTLOOK:
        values = ["Desk Team <help@desk.example>", "Tuesday, 3 March 2026 09:15", "Ada Byte <ada@customer.example>", "Your cup"]
        block = "\n".join(f"{n}: {v}" for n, v in zip(names, values))
        yield plain(f"quote-outlook-{language}", f"Outlook ({language})", f"{said}\n\n{block}\n\n{ANSWERED}\n",
                    fresh_text=said, quoted_text_has=["new cup", names[0]])
    yield from programs()
    yield from places()
    yield from markup()
    yield from signatures()
    yield from forwards()


def programs():
    def program(name, why, text, said="It works now."):
        return plain(f"quote-{name}", why, f"{said}\n\n{text}", fresh_text=said, quoted_text_has=["new cup"])

    yield program("apple", "Apple Mail", f"On 3 Mar 2026, at 09:15, Desk Team <help@desk.example> wrote:\n\n{MARKED}")
    yield program("apple-de", "Apple Mail in German", f"> Am 03.03.2026 um 09:15 schrieb Desk Team <help@desk.example>:\n> \n{MARKED}")
    yield program("iphone", "a telephone of Apple", f"Sent from my iPhone\n\n> On 3 Mar 2026, at 09:15, Desk Team <help@desk.example> wrote:\n> \n> \ufeff{MARKED[2:]}")
    yield program("thunderbird", "Thunderbird", f"On 3/3/26 09:15, Desk Team wrote:\n{MARKED}")
    yield program("thunderbird-de", "Thunderbird in German", f"Am 03.03.26 um 09:15 schrieb Desk Team:\n{MARKED}")
    yield program("thunderbird-fr", "Thunderbird in French", f"Le 03/03/2026 à 09:15, Desk Team a écrit :\n{MARKED}")
    yield program("yahoo", "Yahoo, without marks", f"    On Tuesday, March 3, 2026 at 09:15:00 AM GMT+1, Desk Team <help@desk.example> wrote:  \n \n {ANSWERED}\n")
    yield program("gmx", "GMX, whose block begins with the date",
                  f"Gesendet: Dienstag, 03. März 2026 um 09:15 Uhr\nVon: \"Desk Team\" <help@desk.example>\nAn: ada@customer.example\nBetreff: Your cup\n\n{ANSWERED}\n")
    yield program("proton", "Proton", f"On Tuesday, March 3rd, 2026 at 9:15 AM, Desk Team <help@desk.example> wrote:\n\n{MARKED}")
    yield program("proton-old", "an older Proton", f"------- Original Message -------\nOn Tuesday, March 3rd, 2026 at 9:15 AM, Desk Team <help@desk.example> wrote:\n\n{MARKED}")
    yield program("roundcube", "Roundcube", f"On 2026-03-03 09:15, Desk Team wrote:\n{MARKED}")
    yield program("roundcube-de", "Roundcube in German", f"Am 2026-03-03 09:15, schrieb Desk Team:\n{MARKED}")
    yield program("outlook-mobile", "Outlook on a telephone",
                  f"Get Outlook for iOS<https://aka.example/x>\n________________________________\nFrom: Desk Team <help@desk.example>\nSent: Tuesday, March 3, 2026 9:15:00 AM\nTo: Ada Byte <ada@customer.example>\nSubject: Your cup\n\n{ANSWERED}\n")
    yield program("outlook-web", "Outlook on the web", f"________________________________\nFrom: Desk Team <help@desk.example>\nSent: 03 March 2026 09:15\nTo: Ada Byte\nSubject: Your cup\n\n{ANSWERED}\n")
    yield program("outlook-classic", "Outlook's line", f"-----Original Message-----\nFrom: Desk Team [mailto:help@desk.example] \nSent: Tuesday, March 03, 2026 9:15 AM\nTo: Ada Byte\nSubject: Your cup\n\n{ANSWERED}\n")
    yield program("outlook-bold", "Outlook with stars for bold", f"*From:* Desk Team <help@desk.example>\n*Sent:* Tuesday, March 03, 2026 9:15 AM\n*To:* Ada Byte\n*Subject:* Your cup\n\n{ANSWERED}\n")
    yield program("samsung", "a telephone of Samsung", f"-------- Original message --------\nFrom: Desk Team <help@desk.example>\nDate: 03/03/2026 09:15 (GMT+01:00)\nTo: ada@customer.example\nSubject: Your cup\n\n{ANSWERED}\n")
    yield program("samsung-de", "the same in German", f"-------- Ursprüngliche Nachricht --------\nVon: Desk Team <help@desk.example>\nDatum: 03.03.26 09:15 (GMT+01:00)\nAn: ada@customer.example\nBetreff: Your cup\n\n{ANSWERED}\n")
    yield program("zoho", "Zoho", f" ---- On Tue, 03 Mar 2026 09:15:00 +0100 Desk Team <help@desk.example> wrote ---- \n\n{ANSWERED}\n")
    yield program("netease", "NetEase", f"At 2026-03-03 09:15:00, \"Desk Team\" <help@desk.example> wrote:\n{MARKED.replace('> ', '>')}")
    yield program("qq", "QQ", f"------------------ 原始邮件 ------------------\n发件人: \"Desk Team\"<help@desk.example>;\n发送时间: 2026年3月3日 09:15\n\n{ANSWERED}\n", "可以了。")
    yield program("mail-ru", "Mail.ru", f"Вторник, 3 марта 2026, 9:15 +03:00 от Desk Team <help@desk.example>:\n \n{MARKED}", "Спасибо.")
    yield program("yandex", "Yandex", f"03.03.2026, 09:15, \"Desk Team\" <help@desk.example>:\n{MARKED}", "Спасибо.")
    yield program("orange", "Orange", f"> Message du 03/03/26 09:15\n> De : \"Desk Team\" <help@desk.example>\n> A : ada@customer.example\n> Objet : Your cup\n>\n{MARKED}", "Merci.")
    yield program("t-online", "T-Online", f"-----Original-Nachricht-----\nBetreff: Your cup\nDatum: 2026-03-03T09:15:00+0100\nVon: \"Desk Team\" <help@desk.example>\nAn: ada@customer.example\n\n{ANSWERED}\n")
    yield program("mutt", "mutt", f"On Tue, Mar 03, 2026 at 09:15:00AM +0100, Desk Team wrote:\n{MARKED}")
    yield program("kmail", "KMail", f"On Tuesday, 3 March 2026 09:15:00 CET Desk Team wrote:\n{MARKED}")
    yield program("fastmail", "Fastmail", f"On Tue, 3 Mar 2026, at 9:15 AM, Desk Team wrote:\n{MARKED}")
    yield program("wrapped", "a sentence over three lines", f"On Tue, 3 Mar 2026 at 09:15,\nDesk Team at the workshop\n<help@desk.example> wrote:\n\n{MARKED}")


def places():
    sentence = "On Tue, 3 Mar 2026 at 09:15, Desk Team <help@desk.example> wrote:"
    yield plain("quote-below", "an answer below what it answers", f"{sentence}\n{MARKED}\nThat was the wrong cup.\n",
                fresh_text="That was the wrong cup.", quoted_text_has=["new cup"])
    yield plain("quote-between", "answers between what they answer stay with it",
                f"{sentence}\n> Which colour?\nBlue.\n> Which size?\nLarge.\n", fresh_text_has=["Which colour?", "Blue.", "Which size?", "Large."])
    yield plain("quote-between-and-rest", "answers between, then the rest of the history",
                f"> Which colour?\nBlue.\n> Which size?\nLarge.\n\n{sentence}\n> an older question\n",
                fresh_text_has=["Blue.", "Large."], quoted_text_has=["an older question"])
    yield plain("quote-both-sides", "words above and below the history", f"Please read below, too.\n\n{sentence}\n{MARKED}\nAnd one more thing: hurry.\n",
                fresh_text_has=["Please read below", "And one more thing: hurry."], quoted_text_has=["new cup"])
    yield plain("quote-deep", "history in history", f"Still broken.\n\n{sentence}\n> Try again.\n>\n> On Mon, 2 Mar 2026, Ada wrote:\n>> It is broken.\n>>> Since when?\n",
                fresh_text="Still broken.", quoted_text_has=["Since when?"])
    yield plain("quote-only", "nothing but history is shown", f"{sentence}\n{MARKED}", fresh_text_has=["new cup"], quoted_text="")
    yield plain("quote-none", "what only looks like history", "On Monday my colleague wrote:\nplease call me.\n\nFrom: the heart\n\n-----\nmenu\n-----\n",
                fresh_text_has=["please call me.", "the heart", "menu"], quoted_text="")
    yield plain("quote-code", "a log with marks in it is theirs", "The log says:\n> error 17\n> error 18\nWhat does it mean?\n",
                fresh_text_has=["error 17", "What does it mean?"])
    yield plain("quote-marker-line", "a desk's own line over the answer", f"It works.\n\n##- Please type your reply above this line -##\n\n{ANSWERED}\n",
                fresh_text="It works.", quoted_text_has=["new cup"])


def markup():
    def program(name, why, markup, said="It works now.", folded="new cup", **more):
        return html(f"html-quote-{name}", why, markup, fresh_text=said, quoted_text_has=[folded],
                    safe_html_open=[said], safe_html_folded=[folded], **more)

    cup = "<div>We sent you a new cup.</div><div>Your Desk Team</div>"
    said = "<div>It works now.</div>"
    yield program("gmail", "Gmail", f'<div dir="ltr">{said}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Tue, 3 Mar 2026 at 09:15, '
                  f'Desk Team &lt;<a href="mailto:help@desk.example">help@desk.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote">{cup}</blockquote></div>')
    yield program("apple", "Apple Mail", f'<body>{said}<div><br><blockquote type="cite"><div>On 3 Mar 2026, at 09:15, Desk Team &lt;help@desk.example&gt; wrote:</div><br>{cup}</blockquote></div></body>')
    yield program("thunderbird", "Thunderbird", f'<p>It works now.</p><div class="moz-cite-prefix">On 3/3/26 09:15, Desk Team wrote:<br></div><blockquote type="cite" cite="mid:1@desk.example">{cup}</blockquote>')
    yield program("outlook", "Outlook desktop", '<div class="WordSection1"><p class="MsoNormal">It works now.</p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt">'
                  '<p class="MsoNormal"><b>From:</b> Desk Team &lt;help@desk.example&gt;<br><b>Sent:</b> Tuesday, March 3, 2026 9:15 AM<br><b>To:</b> Ada Byte<br><b>Subject:</b> Your cup</p></div></div>'
                  '<p class="MsoNormal">We sent you a new cup.</p></div>')
    yield program("outlook-web", "Outlook on the web", f'{said}<div id="appendonsend"></div><hr tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri"><b>From:</b> Desk Team &lt;help@desk.example&gt;<br>'
                  f'<b>Sent:</b> Tuesday, March 3, 2026 9:15 AM<br><b>To:</b> Ada Byte &lt;ada@customer.example&gt;<br><b>Subject:</b> Your cup</font><div>&nbsp;</div></div>{cup}')
    yield program("yahoo", "Yahoo", f'<div class="yahoo-style-wrap">{said}</div><div id="yahoo_quoted_1" class="yahoo_quoted"><div><div>On Tuesday, March 3, 2026 at 09:15:00 AM GMT+1, Desk Team &lt;help@desk.example&gt; wrote:</div><div><br></div>{cup}</div></div>')
    yield program("gmx", "GMX", f'<div>{said}<div name="quote" style="margin:10px"><div><b>Gesendet:</b>&nbsp;Dienstag, 03. März 2026 um 09:15 Uhr<br><b>Von:</b>&nbsp;"Desk Team" &lt;help@desk.example&gt;<br><b>An:</b>&nbsp;ada@customer.example<br><b>Betreff:</b>&nbsp;Your cup</div>{cup}</div></div>')
    yield program("proton", "Proton", f'{said}<div class="protonmail_quote">On Tuesday, March 3rd, 2026 at 9:15 AM, Desk Team &lt;help@desk.example&gt; wrote:<br><blockquote class="protonmail_quote" type="cite">{cup}</blockquote></div>')
    yield program("gmail-de", "Gmail in German", f'{said}<div class="gmail_quote"><div class="gmail_attr">Am Di., 3. März 2026 um 09:15 Uhr schrieb Desk Team &lt;help@desk.example&gt;:<br></div><blockquote>{cup}</blockquote></div>')
    yield program("picture", "a picture in the history is folded with it", f'{said}<div><b>From:</b> Desk Team<br><b>Sent:</b> Tuesday<br><b>To:</b> Ada<br><b>Subject:</b> Cup</div>{cup}<p><img src="cid:x" alt="the cup"></p>')
    between = "<blockquote>Which colour?</blockquote><p>Blue.</p><blockquote>Which size?</blockquote><p>Large.</p>"
    yield html("html-quote-between", "answers between what they answer", between, fresh_text_has=["Blue.", "Large."], safe_html_open=["Blue.", "Large.", "Which size?"])
    yield html("html-quote-only", "nothing but history", f"<blockquote>{cup}</blockquote>", fresh_text_has=["new cup"], safe_html_open=["new cup"])
    yield html("html-quote-none", "no history", said, fresh_text="It works now.", safe_html_open=["It works now."], safe_html_not=["<details"])
    yield html("html-quote-own-details", "a fold of the sender's own cannot hide what we do not fold",
               "<details><summary>x</summary><p>Their own words</p></details>", text_has=["Their own words"], safe_html_not=["<details"])
    yield html("html-quote-forward", "what is forwarded is content", f'<div>Please see.</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>From: <b>Bob</b> &lt;bob@b.example&gt;<br>Date: Mon, 2 Mar 2026<br>Subject: Bill<br>To: ada@customer.example<br></div>{cup}</div>',
               fresh_text_has=["Please see.", "new cup"], safe_html_open=["Please see.", "new cup"])
    yield html("html-signature", "a signature in HTML", '<div>It works now.</div><div>-- <br></div><div class="gmail_signature">Ada Byte<br>+49 30 123</div>',
               fresh_text="It works now.", safe_html_open=["It works now."], safe_html_folded=["+49 30 123"])
    alternative = [part("text/plain", f"It works now.\n\nOn 3/3/26 09:15, Desk Team wrote:\n{MARKED}"),
                   part("text/html", f'<p>It works now.</p><div class="moz-cite-prefix">On 3/3/26 09:15, Desk Team wrote:</div><blockquote>{cup}</blockquote>')]
    yield mixed("html-quote-alternative", "text and HTML fold alike", *alternative, multi="alternative", fresh_text="It works now.",
                safe_html_open=["It works now."], safe_html_folded=["new cup"])


def signatures():
    yield plain("signature-dashes", "a signature under two dashes", "It works now.\n\n-- \nAda Byte\n+49 30 123\n", fresh_text="It works now.", quoted_text_has=["+49 30 123"])
    for language, line in [("en", "Sent from my iPhone"), ("de", "Von meinem iPhone gesendet"), ("fr", "Envoyé de mon iPhone"), ("es", "Enviado desde mi iPhone"),
                           ("it", "Inviato da iPhone"), ("nl", "Verstuurd vanaf mijn iPhone"), ("sv", "Skickat från min iPhone"), ("pl", "Wysłane z iPhone'a"),
                           ("pt", "Enviado do meu iPhone"), ("da", "Sendt fra min iPhone"), ("ru", "Отправлено с iPhone"), ("ja", "iPhoneから送信"), ("outlook", "Outlook für Android herunterladen"),
                           ("yahoo", "Sent from Yahoo Mail on Android"), ("proton", "Sent with Proton Mail secure email.")]:
        yield plain(f"signature-phone-{language}", f"the line of a telephone or program ({language})", f"It works now.\n\n{line}\n",
                    fresh_text="It works now.", quoted_text=line)
    yield plain("signature-not", "dashes in a long text", "Results\n--\n" + "one line of many\n" * 30, quoted_text="")
    yield plain("signature-then-quote", "a signature, then history", f"It works now.\n-- \nAda\n\nOn 3/3/26 09:15, Desk Team wrote:\n{MARKED}", fresh_text="It works now.", quoted_text_has=["Ada", "new cup"])
    yield plain("signature-then-words", "words below a quoted signature are seen", f"On 3/3/26 09:15, Desk Team wrote:\n> A new cup?\n> -- \n> Desk Team\n\nYes, please.\n", fresh_text="Yes, please.")


def forwards():
    heads = "From: Bob <bob@b.example>\nDate: Mon, 2 Mar 2026\nSubject: Bill\nTo: ada@customer.example"
    for name, why, line in [("gmail", "Gmail", "---------- Forwarded message ---------"), ("thunderbird", "Thunderbird", "-------- Forwarded Message --------"),
                            ("apple", "Apple Mail", "Begin forwarded message:"), ("gmail-de", "Gmail in German", "---------- Weitergeleitete Nachricht ---------"),
                            ("apple-de", "Apple Mail in German", "Anfang der weitergeleiteten Nachricht:"), ("gmail-fr", "Gmail in French", "---------- Message transféré ---------"),
                            ("apple-fr", "Apple Mail in French", "Début du message réexpédié :"), ("gmail-es", "Gmail in Spanish", "---------- Mensaje reenviado ---------"),
                            ("gmail-it", "Gmail in Italian", "---------- Messaggio inoltrato ---------"), ("gmail-ja", "Gmail in Japanese", "---------- 転送済みメッセージ ---------"),
                            ("gmail-ru", "Gmail in Russian", "---------- Пересылаемое сообщение ---------"), ("gmail-zh", "Gmail in Chinese", "---------- 转发的消息 ---------"),
                            ("gmail-pl", "Gmail in Polish", "---------- Forwarded message ---------")]:
        yield plain(f"forward-{name}", f"{why}: what is forwarded is content", f"Please see below.\n\n{line}\n{heads}\n\nThe sum is 5 euro.\n",
                    fresh_text_has=["Please see below.", "Bob", "The sum is 5 euro."], quoted_text="")
    yield plain("forward-outlook", "Outlook: a forward is told from an answer by its subject", f"Please see below.\n\n{heads.replace('Date', 'Sent')}\n\nThe sum is 5 euro.\n",
                {"Subject": "Fwd: Bill"}, fresh_text_has=["Please see below.", "The sum is 5 euro."], quoted_text="")
    yield plain("forward-bare", "nothing but what is forwarded", f"---------- Forwarded message ---------\n{heads}\n\nThe sum is 5 euro.\n", fresh_text_has=["The sum is 5 euro."], quoted_text="")
