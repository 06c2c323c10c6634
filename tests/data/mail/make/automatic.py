"""What no person wrote: automatic answers, delivery reports, lists, complaints."""

from letter import mail, mixed, part, plain

RETURNED = "Message-ID: <ours-17@desk.example>\nFrom: help@desk.example\nTo: gone@b.example\nSubject: Re: Order 4711\n"


def mails():
    yield from answers()
    yield from reports()
    yield from lists_and_complaints()


def answers():
    def answer(name, why, fields, kind="auto_reply", text="I am away until Monday."):
        return plain(f"auto-{name}", why, text, fields, kind=kind, fresh_text=text, bounce=None)

    yield answer("3834", "RFC 3834", {"Auto-Submitted": "auto-replied"})
    yield answer("3834-vacation", "with a parameter", {"Auto-Submitted": "auto-replied (vacation)"})
    yield answer("generated", "made by a machine", {"Auto-Submitted": "auto-generated"})
    yield answer("no", "a person says so", {"Auto-Submitted": "no"}, "person")
    yield answer("exchange", "Exchange in English", {"Subject": "Automatic reply: Order 4711"})
    for language, subject in [
        ("de", "Automatische Antwort: Bestellung"), ("fr", "Réponse automatique : commande"), ("es", "Respuesta automática: pedido"),
        ("it", "Risposta automatica: ordine"), ("nl", "Automatisch antwoord: bestelling"), ("pt", "Resposta automática: pedido"),
        ("sv", "Autosvar: beställning"), ("da", "Automatisk svar: ordre"), ("fi", "Automaattinen vastaus: tilaus"),
        ("pl", "Odpowiedź automatyczna: zamówienie"), ("cs", "Automatická odpověď: objednávka"), ("ru", "Автоматический ответ: заказ"),
        ("ja", "自動応答: 注文"), ("zh", "自动答复: 订单"), ("tr", "Otomatik Yanıt: sipariş"), ("hu", "Automatikus válasz: rendelés"),
    ]:
        yield answer(f"subject-{language}", f"Exchange in another language ({language})", {"Subject": subject})
    yield answer("suppress", "Exchange's wish for no answers is no sign of a machine", {"X-Auto-Response-Suppress": "All"}, "person")
    yield answer("x-autoreply", "a field of old programs", {"X-Autoreply": "yes"})
    yield answer("precedence", "another", {"Precedence": "auto_reply"})
    yield answer("about-away", "a person who writes about being away", {"Subject": "My away days"}, "person")
    disposition = part("message/disposition-notification", "Final-Recipient: rfc822; ada@customer.example\nDisposition: manual-action; displayed\n")
    yield mixed("auto-read", "a receipt that it was read", part("text/plain", "Your message was displayed."), disposition,
                fields={"Content-Type": 'multipart/report; report-type=disposition-notification; boundary="=_edge"'},
                kind="auto_reply", bounce=None)


def reports():
    def report(name, why, status, action, said, bounce, returned="text/rfc822-headers", fields=None, extra=""):
        delivery = f"Reporting-MTA: dns; mx.b.example\n\nFinal-Recipient: rfc822; gone@b.example\n{extra}Action: {action}\nStatus: {status}\n"
        own = {"From": "Mail Delivery System <MAILER-DAEMON@mx.b.example>", "Subject": "Undelivered Mail Returned to Sender",
               "Content-Type": 'multipart/report; report-type=delivery-status; boundary="=_edge"'}
        return mixed(f"bounce-{name}", why, part("text/plain", said), part("message/delivery-status", delivery),
                     part(returned, RETURNED + "\n"), fields=own | (fields or {}), kind="bounce", bounce=bounce)

    def verdict(status, permanent, recipient="gone@b.example", original="ours-17@desk.example"):
        return {"recipient": recipient, "status": status, "permanent": permanent, "original_message_id": original}

    yield report("postfix", "Postfix, for good", "5.1.1", "failed",
                 "<gone@b.example>: host mx.b.example said: 550 5.1.1 User unknown", verdict("5.1.1", True))
    yield report("postfix-delayed", "Postfix, still trying", "4.4.1", "delayed", "Delivery temporarily suspended",
                 verdict("4.4.1", False), fields={"Subject": "Delayed Mail (still being retried)"})
    yield report("success", "a report of success", "2.0.0", "delivered", "Your mail was delivered.", verdict("2.0.0", False),
                 fields={"Subject": "Successful Mail Delivery Report"})
    yield report("relayed", "handed on to a server that reports nothing", "2.0.0", "relayed", "It was relayed.", verdict("2.0.0", False))
    yield report("mailbox-full", "a full mailbox that failed for now, given up", "5.2.2", "failed", "Quota exceeded", verdict("5.2.2", True))
    yield report("gave-up", "a temporary status, given up for good", "4.4.7", "failed", "Message expired", verdict("4.4.7", True))
    yield report("exchange", "Exchange Online", "5.1.10", "failed", "Your message to gone@b.example couldn't be delivered.",
                 verdict("5.1.10", True), returned="message/rfc822",
                 fields={"From": "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@b.example>",
                         "Subject": "Undeliverable: Re: Order 4711"})
    yield report("gmail", "Gmail", "5.1.1", "failed", "Address not found", verdict("5.1.1", True), returned="message/rfc822",
                 fields={"From": "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
                         "Subject": "Delivery Status Notification (Failure)", "X-Failed-Recipients": "gone@b.example",
                         "Auto-Submitted": "auto-replied"})
    yield report("sendmail", "Sendmail", "5.1.1", "failed", "----- The following addresses had permanent fatal errors -----\n<gone@b.example>",
                 verdict("5.1.1", True), returned="message/rfc822", fields={"Subject": "Returned mail: see transcript for details"})
    yield report("original-recipient", "who we wrote to, not whom it was passed on to", "5.1.1", "failed", "User unknown",
                 verdict("5.1.1", True, "first@b.example"), extra="Original-Recipient: rfc822;first@b.example\n")
    exim = "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\n" \
           "recipients. This is a permanent error. The following address(es) failed:\n\n  gone@b.example\n    host mx.b.example [192.0.2.1]\n" \
           "    SMTP error from remote mail server after RCPT TO:<gone@b.example>:\n    550 5.1.1 No such user\n\n" \
           "------ This is a copy of the message, including all the headers. ------\n\n" + RETURNED + "\nWe sent it.\n"
    yield plain("bounce-exim", "Exim, all in the text", exim,
                {"From": "Mail Delivery System <Mailer-Daemon@mx.desk.example>", "X-Failed-Recipients": "gone@b.example",
                 "Subject": "Mail delivery failed: returning message to sender", "Auto-Submitted": "auto-replied"},
                kind="bounce", bounce=verdict("5.1.1", True))
    warning = exim.replace("This is a permanent error. The following address(es) failed:",
                           "The message has not been delivered yet.").replace("550 5.1.1 No such user", "451 4.3.0 Try later")
    yield plain("bounce-exim-warning", "Exim, still trying", warning,
                {"From": "Mail Delivery System <Mailer-Daemon@mx.desk.example>",
                 "Subject": "Warning: message delayed 24 hours", "Auto-Submitted": "auto-replied"},
                kind="bounce", bounce=verdict("4.3.0", False))
    qmail = "Hi. This is the qmail-send program at b.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n" \
            "This is a permanent error; I've given up. Sorry it didn't work out.\n\n<gone@b.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n" \
            "--- Below this line is a copy of the message.\n\nReturn-Path: <help@desk.example>\n" + RETURNED + "\nWe sent it.\n"
    yield plain("bounce-qmail", "qmail, all in the text", qmail, {"From": "MAILER-DAEMON@b.example", "Subject": "failure notice"},
                kind="bounce", bounce=verdict("5.1.1", True))
    old = "   ----- The following addresses had permanent fatal errors -----\n<gone@b.example>\n\n   ----- Transcript of session follows -----\n" \
          "550 <gone@b.example>... User unknown\n"
    yield plain("bounce-sendmail-old", "an old Sendmail", old, {"From": "Mail Delivery Subsystem <MAILER-DAEMON@b.example>",
                "Subject": "Returned mail: User unknown"}, kind="bounce", bounce=verdict(None, True, original=None))
    yield plain("bounce-no-domain", "a mail system that gives no address", old, {"From": "MAILER-DAEMON (Mail Delivery System)",
                "Subject": "Mail System Error - Returned Mail"}, kind="bounce", bounce=verdict(None, True, original=None), from_address=None)
    yield plain("bounce-nobody", "an empty envelope sender and a subject about delivery", old,
                {"Return-Path": "<>", "From": "admin@b.example", "Subject": "Onbestelbaar: Re: Order 4711"}, kind="bounce",
                bounce=verdict(None, True, original=None))
    yield plain("auto-nobody", "an empty envelope sender wants no answer by a machine", "I am on holiday.",
                {"Return-Path": "<>", "Subject": "Holiday"}, kind="auto_reply")
    flat = "--JAB.1/b.example\n\n<gone@b.example>  (unrecoverable error)\n\n--JAB.1/b.example\nContent-Type: message/delivery-status\n\n" \
           "Reporting-MTA: dns; b.example\n\nFinal-Recipient: RFC822; gone@b.example\nAction: failed\nStatus: 5.4.6\n\n--JAB.1/b.example--\n"
    yield mail("bounce-flat", "a report whose boundary is another than it says", flat,
               {"From": "MAILER-DAEMON@b.example", "Subject": "Returned mail: Too many hops",
                "Content-Type": "multipart/report; report-type=delivery-status; boundary=\"JAB.2\""},
               kind="bounce", bounce=verdict("5.4.6", True, original=None))
    yield plain("bounce-not", "a person asks about a bounce", "Why did I get 550 5.1.1?", {"Subject": "Undelivered mail?"},
                kind="person", bounce=None)


def lists_and_complaints():
    yield plain("list-id", "a list", "News of the week", {"List-Id": "News <news.b.example>"}, kind="list")
    yield plain("list-unsubscribe", "a newsletter", "Buy now", {"List-Unsubscribe": "<https://b.example/u>"}, kind="list")
    yield plain("list-bulk", "bulk mail", "Buy now", {"Precedence": "bulk"}, kind="list")
    feedback = "Feedback-Type: abuse\nUser-Agent: Any/1.0\nVersion: 1\nOriginal-Rcpt-To: ada@customer.example\n"
    yield mixed("complaint-arf", "a complaint (RFC 5965)", part("text/plain", "This is an abuse report."),
                part("message/feedback-report", feedback), part("message/rfc822", RETURNED + "\nHello\n"),
                fields={"Content-Type": 'multipart/report; report-type=feedback-report; boundary="=_edge"',
                        "From": "feedback@isp.example"}, kind="complaint", bounce=None)
    yield mail("complaint-words", "a person who complains is a person", "This is a complaint!", {"Subject": "Complaint"}, kind="person")
