"""Two network namespaces and the bad link between them.

The pump and the upstream are in sessions of their own, so that ctrl-C ends the run and the run ends them."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
CLIENT, SERVER = "10.213.7.1", "10.213.7.2"
# Nobody has it, and the pump carries what is sent there to a namespace that drops it.
NOBODY = "10.213.7.9"


class Link:
    """`with Link() as link:`; when it ends, the namespaces and everything that runs in them are gone."""

    def __init__(self):
        self.client, self.server = f"weak-client-{os.getpid()}", f"weak-server-{os.getpid()}"
        self.pump, self.settings = None, []

    def __enter__(self):
        try:
            self._make()
        except BaseException:
            self._unmake()
            raise
        return self

    def __exit__(self, *_):
        self._unmake()

    def _make(self):
        names = [f"wk{os.getpid()}c", f"wk{os.getpid()}s"]
        self.pump = subprocess.Popen(
            [sys.executable, str(HERE / "pump.py"), *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            start_new_session=True)
        if self.pump.stdout.readline() != "open\n":
            sys.exit("the pump cannot open tun devices; this needs root and /dev/net/tun")
        for name, namespace, own, peer in (
            (names[0], self.client, CLIENT, SERVER), (names[1], self.server, SERVER, CLIENT)):
            ip("netns", "add", namespace)
            ip("link", "set", name, "netns", namespace)
            inside = ("-n", namespace)
            ip(*inside, "link", "set", "lo", "up")
            ip(*inside, "addr", "add", f"{own}/24", "dev", name)
            ip(*inside, "link", "set", name, "mtu", "1500", "txqueuelen", "2000", "up")
            self.congestion = congestion_control(namespace)
        # What `ip netns exec` shows as /etc/resolv.conf and nsswitch.conf to programs of the client's side.
        folder = pathlib.Path("/etc/netns") / self.client
        folder.mkdir(parents=True)
        self.settings.append(folder)
        (folder / "resolv.conf").write_text(f"nameserver {SERVER}\n")
        (folder / "nsswitch.conf").write_text("hosts: files dns\n")
        (folder / "hosts").write_text("127.0.0.1 localhost\n")

    def _unmake(self):
        if self.pump:
            self.pump.kill()
            self.pump.wait()
        for namespace in (self.client, self.server):
            listed = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True)
            for pid in listed.stdout.split():
                try:
                    os.kill(int(pid), 9)
                except ProcessLookupError:
                    pass
            subprocess.run(["ip", "netns", "del", namespace], stderr=subprocess.DEVNULL)
        for folder in self.settings:
            shutil.rmtree(folder, ignore_errors=True)

    def conditions(self, **conditions):
        """From now on the link is like this; see pump.py."""
        self.pump.stdin.write(json.dumps(conditions) + "\n")
        self.pump.stdin.flush()
        if self.pump.stdout.readline() != "ok\n":
            sys.exit("the pump has ended")

    def at_client(self, *words):
        return ["ip", "netns", "exec", self.client, *words]

    def at_server(self, *words):
        return ["ip", "netns", "exec", self.server, *words]


def congestion_control(namespace):
    """Sets Linux's usual one, or its elder where a namespace may not have that: one of this machine's choice, such as bbr,
    would hardly notice the losses."""
    for name in ("cubic", "reno"):
        script = f"echo {name} > /proc/sys/net/ipv4/tcp_congestion_control"
        words = ["ip", "netns", "exec", namespace, "sh", "-c", script]
        if subprocess.run(words, stderr=subprocess.DEVNULL).returncode == 0:
            return name
    sys.exit("neither cubic nor reno may be set in a network namespace")


def ip(*words):
    subprocess.run(["ip", *words], check=True)
