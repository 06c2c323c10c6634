"""Who wrote it: Reply-To, several senders, look-alikes, what the receiving server found."""

from letter import mail, plain

RECEIVED = "from mail.customer.example ([192.0.2.7]) by mx.desk.example with ESMTPS; Tue, 3 Mar 2026 09:15:02 +0100"


def mails():
    def doubted(name, why, fields, doubts, **more):
        return mail(f"sender-{name}", why, "Hello", fields, doubts=doubts, kind="person", **more)

    yield doubted("plain", "a sender like most", {}, [], from_address="ada@customer.example", from_name="Ada Byte")
    yield doubted("two-in-one", "two senders in one field", {"From": "Ada <ada@customer.example>, eve@evil.example"},
                  ["several_senders"], from_address="ada@customer.example")
    yield doubted("two-fields", "two From fields", {"From": ["Ada <ada@customer.example>", "Boss <boss@desk.example>"]},
                  ["several_senders"], from_address="ada@customer.example")
    yield doubted("no-from", "no From, but a Sender", {"From": None, "Sender": "ada@customer.example"}, [],
                  from_address="ada@customer.example")
    yield mail("sender-none", "nobody to answer", "Hello", {"From": None}, from_address=None, problems_has=["no usable From"])
    yield mail("sender-nonsense", "a From that is no address", "Hello", {"From": "undisclosed"}, from_address=None)
    yield doubted("upper-case", "an address in capitals", {"From": "ADA@CUSTOMER.EXAMPLE"}, [], from_address="ADA@CUSTOMER.EXAMPLE")
    yield doubted("form", "a contact form: who wrote is in Reply-To",
                  {"From": "Website <noreply@desk.example>", "Reply-To": "Ada Byte <ada@customer.example>"},
                  ["replies_elsewhere"], reply_to="ada@customer.example", from_address="noreply@desk.example")
    yield doubted("reply-same", "Reply-To at the same domain", {"Reply-To": "orders@CUSTOMER.example"}, [],
                  reply_to="orders@CUSTOMER.example")
    yield doubted("name-is-address", "a name that is another's address", {"From": '"boss@desk.example" <eve@evil.example>'},
                  ["name_is_address"], from_address="eve@evil.example")
    yield doubted("name-is-own", "a name that is the address itself", {"From": '"ada@customer.example" <ada@customer.example>'}, [])
    yield doubted("cyrillic", "a domain with Cyrillic letters in it", {"From": "Pay <help@xn--pypal-4ve.com>"}, ["look_alike"])
    yield doubted("cyrillic-utf8", "the same as it is", {"From": "Pay <help@pаypal.com>"}, ["look_alike"])
    yield doubted("rn-for-m", "a domain like ours", {"From": "Boss <boss@rnodern.example>", "To": "help@modern.example"}, ["look_alike"])
    yield doubted("zero-for-o", "a domain like ours with a nought", {"From": "boss@m0dern.example", "To": "help@modern.example"},
                  ["look_alike"])
    yield doubted("own-script", "a domain in its own script is no look-alike", {"From": "Ада <ada@почта.рф>"}, [])
    yield doubted("umlaut", "a domain with an umlaut is none either", {"From": "ada@xn--mller-kva.example"}, [])

    def results(name, why, found, doubts, **more):
        return doubted(f"results-{name}", why, {"Received": RECEIVED, "Authentication-Results": found}, doubts, **more)

    yield results("dmarc-pass", "all is well", "mx.desk.example; dkim=pass header.d=customer.example; spf=pass; dmarc=pass", [])
    yield results("dmarc-fail", "DMARC failed", "mx.desk.example; dkim=none; spf=pass smtp.mailfrom=evil.example; dmarc=fail (p=none)",
                  ["unproven dmarc"])
    yield results("all-fail", "all failed", "mx.desk.example;\n dkim=fail (bad signature);\n spf=softfail;\n dmarc=fail",
                  ["unproven dmarc", "unproven spf", "unproven dkim"])
    yield results("spf-fails-dmarc-passes", "a list breaks SPF and DMARC still passes",
                  "mx.desk.example; spf=fail; dkim=pass; dmarc=pass", [])
    yield results("forged-pass", "what the sender wrote of itself is not believed",
                  ["mx.desk.example; dmarc=fail", "mx.desk.example; dmarc=pass"], ["unproven dmarc"])
    yield results("other-server", "what another server found is not asked", "mx.other.example; dmarc=fail", [])
    yield results("none", "none is no failure", "mx.desk.example; spf=none; dkim=none; dmarc=none", [])
    yield plain("sender-ids", "the ids of a thread", "Hello",
                {"In-Reply-To": "<a@desk.example>", "References": "<0@desk.example>\n <a@desk.example>"},
                in_reply_to=["a@desk.example"], references=["0@desk.example", "a@desk.example"])
    yield plain("sender-copies", "copies, each once", "Hello",
                {"To": "help@desk.example, Help <HELP@desk.example>", "Cc": "bob@b.example, =?utf-8?Q?M=C3=BC=2C_x?= <m@b.example>"},
                to=["help@desk.example"], cc=["bob@b.example", "m@b.example"])
    yield plain("sender-date", "a date with a zone", "Hello", {"Date": "Tue, 3 Mar 2026 09:15:00 +0100"}, date="2026-03-03T08:15:00Z")
    yield plain("sender-date-broken", "a date that is none", "Hello", {"Date": "yesterday"}, date=None, problems_has=["no usable Date"])
    yield plain("sender-no-id", "no Message-ID", "Hello", {"Message-ID": ""}, message_id=None, problems_has=["no Message-ID"])
    yield plain("sender-long-header", "a header of 40 kB", "Hello", {"X-Long": "x" * 40000}, text="Hello", subject="Order 4711")
    yield plain("sender-many-to", "six hundred recipients", "Hello", {"To": ",\n ".join(f"p{n}@b.example" for n in range(600))},
                text="Hello", from_address="ada@customer.example")
