"""A mail of the corpus: its bytes and what must come out of them."""

import base64
import dataclasses
import quopri

FROM = "Ada Byte <ada@customer.example>"
HEAD = {
    "From": FROM,
    "To": "help@desk.example",
    "Subject": "Order 4711",
    "Date": "Tue, 3 Mar 2026 09:15:00 +0100",
    "Message-ID": None,
    "MIME-Version": "1.0",
}


@dataclasses.dataclass
class Mail:
    name: str
    why: str
    raw: bytes
    expect: dict


def to_bytes(value):
    return value if isinstance(value, bytes) else value.encode()


def crlf(value):
    return to_bytes(value).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def head(name, fields):
    """Header fields: those of every mail, changed or left out (None) by `fields`; bytes stand as they are."""
    all_fields = HEAD | {"Message-ID": f"<{name}@customer.example>"} | fields
    lines = [to_bytes(k) + b": " + to_bytes(one) for k, v in all_fields.items() if v is not None
             for one in (v if isinstance(v, list) else [v])]
    return b"\r\n".join(crlf(line) for line in lines)


def mail(name, why, body="Hello", fields=None, /, **expect):
    """A mail whose body stands as it is given, with line ends made CRLF."""
    body = body if isinstance(body, bytes) else crlf(body)
    return Mail(name, why, head(name, fields or {}) + b"\r\n\r\n" + body, expect)


def typed(media_type, body, encoding=None, charset="utf-8", **more):
    """The fields and the body of a part: text is written in its charset, and coded if asked."""
    if isinstance(body, str):
        body = body.encode(charset)
        if media_type.startswith("text/") and "charset" not in media_type:
            media_type = f"{media_type}; charset={charset}"
    fields = {"Content-Type": media_type}
    if encoding == "base64":
        body = base64.encodebytes(body)
    if encoding == "quoted-printable":
        body = quopri.encodestring(body)
    if encoding or not body.isascii():
        fields["Content-Transfer-Encoding"] = encoding or "8bit"
    return fields | more, crlf(body)


def part(media_type, body, encoding=None, disposition=None, **more):
    extra = {"Content-Disposition": disposition} if disposition else {}
    fields, body = typed(media_type, body, encoding, **more)
    fields |= extra
    return b"\r\n".join(to_bytes(k) + b": " + crlf(v) for k, v in fields.items()) + b"\r\n\r\n" + body


def multipart(kind, *parts, boundary="=_edge"):
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + p + b"\r\n" for p in parts)
    return {"Content-Type": f'multipart/{kind}; boundary="{boundary}"'}, body + b"--" + boundary.encode() + b"--\r\n"


def mixed(name, why, *parts, fields=None, multi="mixed", **expect):
    own, body = multipart(multi, *parts)
    return mail(name, why, body, own | (fields or {}), **expect)


def plain(name, why, text, fields=None, /, **expect):
    own, body = typed("text/plain", text)
    return mail(name, why, body, own | (fields or {}), **expect)


def html(name, why, markup, fields=None, /, **expect):
    own, body = typed("text/html", markup)
    return mail(name, why, body, own | (fields or {}), **expect)
