"""Writes the corpus beside this folder: `python3 tests/data/mail/make`.

Every mail is a few lines of one of the modules here, with what must come out of it beside it. The
formats are facts (RFCs, and how mail programs write); names, sentences and files are made up.
The mails and MANIFEST.jsonl are committed: this needs to run only when something is added.
"""

import json
import pathlib

import attachments
import automatic
import charsets
import hostile
import quotes
import senders

folder = pathlib.Path(__file__).resolve().parent.parent
mails = [m for part in (charsets, attachments, quotes, automatic, senders, hostile) for m in part.mails()]
names = [m.name for m in mails]
assert len(names) == len(set(names)), [n for n in names if names.count(n) > 1]
for old in folder.glob("*.eml"):
    old.unlink()
lines = []
for mail in mails:
    (folder / f"{mail.name}.eml").write_bytes(mail.raw)
    lines.append(json.dumps({"file": f"{mail.name}.eml", "why": mail.why, "expect": mail.expect}, ensure_ascii=False))
(folder / "MANIFEST.jsonl").write_text("\n".join(lines) + "\n")
print(len(mails), "mails")
