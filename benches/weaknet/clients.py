"""Plain HTTP clients that ask once each: no `go`, no retry. Runs in the client's namespace.

    clients.py BASE at-once|in-turn NUMBER LIMIT PATH...

Each client opens a connection of its own and gets one of the paths, all at the same moment or one after the other.
Prints one line of JSON: for each client the seconds until its answer was whole, or null where that took more than LIMIT
seconds or did not happen.
"""

import asyncio
import json
import sys
import time
import urllib.parse


async def get(host, port, path):
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if head.split(" ", 2)[1] != "200":
            raise OSError(head.split("\r\n")[0])
        length = None
        for line in head.split("\r\n"):
            field, _, value = line.partition(":")
            if field.lower() == "content-length":
                length = int(value)
        if length is None:
            # Chunked: whole when the last chunk has come.
            if not (await reader.read(-1)).endswith(b"0\r\n\r\n"):
                raise OSError("cut")
        else:
            await reader.readexactly(length)
    finally:
        writer.close()


async def client(host, port, path, limit):
    started = time.monotonic()
    try:
        await asyncio.wait_for(get(host, port, path), limit)
    except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
        return None
    return time.monotonic() - started


async def main():
    base, order, number, limit, *paths = sys.argv[1:]
    url = urllib.parse.urlsplit(base)
    asked = [client(url.hostname, url.port, paths[n % len(paths)], float(limit)) for n in range(int(number))]
    took = await asyncio.gather(*asked) if order == "at-once" else [await one for one in asked]
    print(json.dumps(took))


if __name__ == "__main__":
    asyncio.run(main())
