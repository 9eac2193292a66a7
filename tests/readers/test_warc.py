"""WARC files that warcio writes, through `dehusk --warc`, read by warcio and FastWARC, digests verified.

Wants warcio, fastwarc, zstandard and brotli; DEHUSK is the command. `.ci/run` installs and runs it:

    DEHUSK=target/release/dehusk python -m unittest discover -s tests/readers
"""

import gzip
import io
import os
import subprocess
import sys
import tempfile
import unittest
import zlib
from pathlib import Path

import brotli
import fastwarc
import zstandard
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

DEHUSK = os.environ.get("DEHUSK", "dehusk")
HUSK = "<nav class=menu><a href=/>Home</a></nav><i class=x>é gone</i>"
IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3000


def page(words, husk=HUSK):
    return f"<html><head><title>{words}</title></head><body>{husk}<p>{words} {'word é ' * 60}</p></body></html>"


def chunked(body, size=100):
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def codings(body):
    """How a body may be sent: fields of its head, and its bytes."""
    compressed = {
        None: body,
        "gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        "br": brotli.compress(body),
        "zstd": zstandard.compress(body),
    }
    for coding, sent in compressed.items():
        fields = [("Content-Encoding", coding)] if coding else []
        yield fields + [("Content-Length", str(len(sent)))], sent
        yield fields + [("Transfer-Encoding", "chunked")], chunked(sent)
        yield fields, sent


def written(version):
    """The records of a file, each as bytes, and the page that is to be in it, or None if nothing may change."""
    records = []

    def add(record, expected=None):
        out = io.BytesIO()
        WARCWriter(out, gzip=False, warc_version=version).write_record(record)
        records.append((out.getvalue(), expected))

    writer = WARCWriter(io.BytesIO(), gzip=False, warc_version=version)

    def response(uri, fields, body, status="200 OK", **more):
        head = StatusAndHeaders(status, fields, protocol="HTTP/1.1")
        return writer.create_warc_record(uri, "response", io.BytesIO(body), http_headers=head, **more)

    html = ("Content-Type", "text/html; charset=utf-8")
    clean = page("a", "").encode()
    add(writer.create_warcinfo_record("test.warc", {"software": "none"}))
    for number, (fields, body) in enumerate(codings(page("a").encode())):
        add(response(f"https://example.org/{number}", [html, *fields], body), clean)
    latin = [("Content-Type", "text/html; charset=iso-8859-1")]
    expected = page("b", "").replace("<head>", '<head><meta charset="utf-8">').encode()
    add(response("https://example.org/latin", latin, page("b").encode("latin-1")), expected)
    add(response("https://example.org/missing", [html], page("c").encode(), "404 Not Found"), page("c", "").encode())
    resource = {"payload": io.BytesIO(page("d").encode()), "warc_content_type": "text/html"}
    add(writer.create_warc_record("file:///d.html", "resource", **resource), page("d", "").encode())
    # What may not change.
    add(response("https://example.org/same", [html], page("e", "").encode()))
    add(response("https://example.org/image", [("Content-Type", "image/png")], IMAGE))
    request = StatusAndHeaders("GET / HTTP/1.1", [("Host", "example.org")], is_http_request=True)
    add(writer.create_warc_record("https://example.org/", "request", io.BytesIO(), http_headers=request))
    digest = "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"
    revisit = writer.create_revisit_record("https://example.org/0", digest, "https://example.org/1", "2026-01-01T00:00:00Z")
    add(revisit)
    return records


FORMS = {
    "warc": bytes,
    "warc.gz": lambda record: gzip.compress(record, mtime=0),
    "warc.zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}


class Readers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def dehusk(self, source, target, *flags):
        command = [DEHUSK, "--warc", "--no-config", "--no-default-selectors", "-e", ".x, .menu", *flags]
        subprocess.run([*command, source, "-o", target], check=True)

    def each(self):
        """Files of every version and form, cleaned with one thread and more."""
        for version in ("WARC/1.0", "WARC/1.1"):
            records = written(version)
            for form, pack in FORMS.items():
                source = self.folder / f"{version[-3:]}.{form}"
                source.write_bytes(b"".join(pack(record) for record, _ in records))
                for jobs in ("1", "3"):
                    target = self.folder / f"{version[-3:]}-{jobs}.{form}"
                    self.dehusk(source, target, "-j", jobs)
                    yield records, form, target

    def check(self, records, found):
        """`found` are the records as a reader sees them: URI, HTTP fields, body."""
        found = list(found)
        self.assertEqual(len(found), len(records))
        for (record, expected), (uri, fields, body) in zip(records, found, strict=True):
            if expected is None:
                continue
            self.assertIn(uri.encode(), record)
            self.assertEqual(body.decode(), expected.decode(), uri)
            self.assertNotIn("content-encoding", fields, uri)
            self.assertNotIn("transfer-encoding", fields, uri)
            self.assertEqual(int(fields.get("content-length", len(body))), len(body), uri)
            if "charset" in fields.get("content-type", ""):
                self.assertIn("charset=utf-8", fields["content-type"], uri)

    def as_warcio_reads(self, data):
        for record in ArchiveIterator(io.BytesIO(data), check_digests="raise"):
            head = record.http_headers.headers if record.http_headers else []
            fields = {name.lower(): value for name, value in head}
            uri = record.rec_headers.get_header("WARC-Target-URI") or ""
            yield uri, fields, record.content_stream().read()

    def test_warcio(self):
        for records, form, target in self.each():
            data = target.read_bytes()
            # It reads no zstd.
            if form == "warc.zst":
                with zstandard.open(target) as file:
                    data = file.read()
            found = self.as_warcio_reads(data)
            self.check(records, found)
            if form != "warc.zst":
                command = Path(sys.executable).with_name("warcio")
                subprocess.run([command, "check", target], check=True)

    def test_fastwarc(self):
        for records, _, target in self.each():
            found = []
            for record in fastwarc.ArchiveIterator(str(target), parse_http=False):
                has_digest = "WARC-Block-Digest" in record.headers
                self.assertEqual(record.verify_block_digest(), has_digest)
                record.parse_http()
                # It knows the payload of responses only.
                if record.record_type == fastwarc.WarcRecordType.response:
                    self.assertTrue(record.verify_payload_digest(), record.headers.get("WARC-Target-URI"))
                fields = {name.lower(): value for name, value in record.http_headers or []}
                uri = record.headers.get("WARC-Target-URI") or ""
                found.append((uri, fields, record.reader.read()))
            self.check(records, found)
            command = Path(sys.executable).with_name("fastwarc")
            subprocess.run([command, "check", "--quiet", target], check=True, stdout=subprocess.DEVNULL)

    def test_what_may_not_change_does_not(self):
        for records, form, target in self.each():
            output = target.read_bytes()
            at = 0
            for record, expected in records:
                if expected is None:
                    at = output.find(FORMS[form](record), at)
                    self.assertGreaterEqual(at, 0)

    def test_a_dictionary(self):
        records = written("WARC/1.1")
        samples = [record for record, _ in records] * 20
        dictionary = zstandard.train_dictionary(4096, samples)
        packer = zstandard.ZstdCompressor(dict_data=dictionary, write_checksum=True)
        frame = zstandard.compress(dictionary.as_bytes())
        first = b"\x5d\x2a\x4d\x18" + len(frame).to_bytes(4, "little") + frame
        source, target = self.folder / "in.warc.zst", self.folder / "out.warc.zst"
        source.write_bytes(first + b"".join(packer.compress(record) for record, _ in records))
        self.dehusk(source, target)
        output = target.read_bytes()
        self.assertTrue(output.startswith(first))
        reader = zstandard.ZstdDecompressor(dict_data=dictionary)
        frames = reader.stream_reader(io.BytesIO(output[len(first) :]), read_across_frames=True)
        found = self.as_warcio_reads(frames.read())
        self.check(records, found)
        self.assertEqual(zstandard.get_frame_parameters(output[len(first) :]).dict_id, dictionary.dict_id())


if __name__ == "__main__":
    unittest.main()
