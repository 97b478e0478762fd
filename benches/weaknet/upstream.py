"""The other side of the link: a GOPROXY, and a host that says nothing.

    upstream.py ROOT ADDRESS

Ports: 8080 serves the files below ROOT; 8081 the same, but every 20th body that has more than 4 KiB breaks in its
middle with a reset; 8082 accepts and says nothing. It ends with its standard input.
"""

import asyncio
import hashlib
import pathlib
import re
import socket
import struct
import sys

RESET_EACH = 20
SMALL = 4096
TYPES = {".info": "application/json", ".zip": "application/zip"}


class Files:
    """Bodies and their strong validators by request path."""

    def __init__(self, root):
        self.known = {}
        for file in pathlib.Path(root).rglob("*"):
            if file.is_file():
                body = file.read_bytes()
                tag = '"' + hashlib.sha256(body).hexdigest()[:32] + '"'
                kind = TYPES.get(file.suffix, "text/plain; charset=utf-8")
                self.known["/" + str(file.relative_to(root))] = (body, tag, kind)


class Proxy:
    def __init__(self, files, resets):
        self.files, self.resets, self.bodies = files, resets, 0

    async def connection(self, reader, writer):
        # So that `drain` returns when the system has taken everything.
        writer.transport.set_write_buffer_limits(high=0)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if not await self.answer(head.decode("latin-1"), writer):
                    return
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            pass
        finally:
            writer.close()

    async def answer(self, head, writer):
        method, path, _ = head.split("\r\n", 1)[0].split(" ", 2)
        fields = {}
        for line in head.split("\r\n")[1:]:
            field, colon, value = line.partition(":")
            if colon:
                fields[field.lower()] = value.strip()
        found = self.files.known.get(path)
        if not found:
            return await self.send(writer, "404 Not Found", {"Content-Type": "text/plain"}, b"not found\n", method)
        body, tag, kind = found
        extra = {"Content-Type": kind, "ETag": tag, "Accept-Ranges": "bytes"}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", fields.get("range", ""))
        if not wanted or fields.get("if-range", tag) != tag:
            return await self.send(writer, "200 OK", extra, body, method)
        begin, end = int(wanted[1]), min(int(wanted[2] or len(body)), len(body) - 1)
        if begin > end:
            extra["Content-Range"] = f"bytes */{len(body)}"
            return await self.send(writer, "416 Range Not Satisfiable", extra, b"", method)
        extra["Content-Range"] = f"bytes {begin}-{end}/{len(body)}"
        return await self.send(writer, "206 Partial Content", extra, body[begin:end + 1], method)

    async def send(self, writer, status, fields, body, method):
        """Whether the connection goes on."""
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *(f"{k}: {v}" for k, v in fields.items())]
        writer.write(("\r\n".join(head) + "\r\n\r\n").encode("latin-1"))
        if method == "HEAD":
            return True
        if self.resets and len(body) > SMALL:
            self.bodies += 1
            if self.bodies % RESET_EACH == 0:
                writer.write(body[:len(body) // 2])
                await writer.drain()
                # The half that was sent is under way; what the system has not sent by then is lost with the reset.
                await asyncio.sleep(0.2)
                link = writer.get_extra_info("socket")
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                return False
        writer.write(body)
        await writer.drain()
        return True


async def silent(reader, writer):
    try:
        while await reader.read(65536):
            pass
    except OSError:
        pass
    writer.close()


async def main():
    root, address = sys.argv[1:]
    files = Files(root)
    await asyncio.start_server(Proxy(files, False).connection, address, 8080, backlog=1024)
    await asyncio.start_server(Proxy(files, True).connection, address, 8081, backlog=1024)
    await asyncio.start_server(silent, address, 8082, backlog=1024)
    print("serving", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
