"""The name server: every name below lab.example.com is one address, whatever else is asked has none.

    names.py ADDRESS

It is a process of its own, so that a busy upstream does not look like a slow resolver. A line on standard input changes
something and is answered with `ok`: `dead` lets it say nothing, `alive` undoes that.
"""

import select
import socket
import struct
import sys


def answer(question, address):
    labels, at = [], 12
    while at < len(question) and question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].lower())
        at += 1 + question[at]
    kind = struct.unpack("!H", question[at + 1:at + 3])[0]
    known = labels[-3:] == [b"lab", b"example", b"com"]
    answers = 1 if known and kind == 1 else 0
    flags = 0x8580 if known else 0x8583
    reply = question[:2] + struct.pack("!HHHHH", flags, 1, answers, 0, 0) + question[12:at + 5]
    if answers:
        reply += struct.pack("!HHHIH", 0xC00C, 1, 1, 1, 4) + socket.inet_aton(address)
    return reply


def main():
    address = sys.argv[1]
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.bind((address, 53))
    dead = False
    print("serving", flush=True)
    while True:
        ready, _, _ = select.select([link, sys.stdin], [], [])
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if not line:
                return
            dead = line.strip() == "dead"
            print("ok", flush=True)
        if link in ready:
            question, peer = link.recvfrom(4096)
            if not dead and len(question) >= 17:
                link.sendto(answer(question, address), peer)


if __name__ == "__main__":
    main()
