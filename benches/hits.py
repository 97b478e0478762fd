#!/usr/bin/env python3
"""Compares Larder with nginx on hits: the same files, the same machine, one run.

    python3 benches/hits.py                  build Larder, measure, print the ratios
    python3 benches/hits.py --write          and put them into docs/MEASUREMENTS.md
    python3 benches/hits.py --seconds 2      shorter

It needs cargo, nginx and wrk. It makes a small upstream of its own in a temporary directory, lets Larder fetch
everything once, and then serves Larder's data directory with both.
"""

import argparse
import hashlib
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULE, VERSION = "example.com/bench", "v1.2.3"
SMALL_GOAL, LARGE_GOAL = 0.9, 0.8
CONNECTIONS = (50, 100, 200)
OBJECTS = [
    # name, path below the proxy, connections, goal
    (".info", f"{MODULE}/@v/{VERSION}.info", CONNECTIONS, SMALL_GOAL),
    (".mod", f"{MODULE}/@v/{VERSION}.mod", CONNECTIONS, SMALL_GOAL),
    ("@v/list", f"{MODULE}/@v/list", CONNECTIONS, SMALL_GOAL),
    ("1 MiB .zip", f"{MODULE}/@v/{VERSION}.zip", CONNECTIONS, LARGE_GOAL),
]


def main():
    args = arguments()
    for tool in ("nginx", "wrk"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is not installed; it is what this compares with")
    larder = args.larder or build()
    with tempfile.TemporaryDirectory(prefix="larder-hits-") as temp:
        temp = pathlib.Path(temp)
        temp.chmod(0o755)
        upstream, data = temp / "upstream", temp / "data"
        make_upstream(upstream)
        servers = []
        try:
            base_larder, process = start_larder(larder, upstream, data, temp)
            servers.append(process)
            for _, path, _, _ in OBJECTS:
                fetch(f"{base_larder}/{path}")
            base_nginx, process = start_nginx(data / "modules", temp)
            servers.append(process)
            compare_bytes(base_larder, base_nginx)
            rows = measure({"nginx": (base_nginx, servers[1].pid), "larder": (base_larder, servers[0].pid)}, args)
        finally:
            for process in servers:
                process.send_signal(signal.SIGTERM)
            for process in servers:
                process.wait(timeout=30)
    table = report(rows, args)
    print(table)
    if args.write:
        write(table)
    missed = [row for row in rows if row["ratio"] < row["goal"] or row["errors"]]
    sys.exit(1 if missed else 0)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--larder", help="a built larder; without it one is built for release")
    parser.add_argument("--seconds", type=int, default=4, help="of each single measurement (default 4)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each, in turn (default 3)")
    parser.add_argument("--write", action="store_true", help="put the result into docs/MEASUREMENTS.md")
    return parser.parse_args()


def build():
    subprocess.run(["cargo", "build", "--release", "-p", "larder"], cwd=ROOT, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    return str(pathlib.Path(target) / "release" / "larder")


def make_upstream(root):
    """A GOPROXY in a directory, with one module of about 1 MiB that does not compress."""
    folder = root / MODULE / "@v"
    folder.mkdir(parents=True)
    go_mod = f"module {MODULE}\n\ngo 1.21\n"
    noise = b"".join(hashlib.sha256(i.to_bytes(4, "big")).digest() for i in range(32 * 1024))
    with zipfile.ZipFile(folder / f"{VERSION}.zip", "w", zipfile.ZIP_STORED) as archive:
        for name, content in (("go.mod", go_mod.encode()), ("bench.go", b"package bench\n"), ("noise.bin", noise)):
            archive.writestr(zipfile.ZipInfo(f"{MODULE}@{VERSION}/{name}"), content)
    (folder / f"{VERSION}.mod").write_text(go_mod)
    (folder / f"{VERSION}.info").write_text(f'{{"Version":"{VERSION}","Time":"2024-01-02T03:04:05Z"}}')
    (folder / "list").write_text(f"v1.0.0\nv1.1.0\n{VERSION}\n")


def start_larder(larder, upstream, data, temp):
    home = temp / "home"
    home.mkdir()
    process = subprocess.Popen(
        [larder, "serve", "--listen", "127.0.0.1:0", "--data", str(data), "--upstream", f"file://{upstream}",
         "--sumdb", "off"],
        stdout=subprocess.PIPE, stderr=open(temp / "larder.log", "wb"), text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
    )
    line = process.stdout.readline()
    match = re.search(r"http://\S+", line)
    if not match:
        sys.exit(f"larder did not start:\n{(temp / 'larder.log').read_text()}")
    return match.group(0).rstrip("/"), process


def start_nginx(root, temp):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = temp / "nginx"
    for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (folder / name).mkdir(parents=True)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(f"""
{user}
worker_processes 2;
worker_rlimit_nofile 8192;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    open_file_cache max=10000 inactive=60s;
    open_file_cache_valid 60s;
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {root};
    }}
}}
""")
    process = subprocess.Popen(
        ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", str(folder / "error.log")])
    base = f"http://127.0.0.1:{port}"
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return base, process
        time.sleep(0.05)
    sys.exit(f"nginx did not start:\n{(folder / 'error.log').read_text()}")


def fetch(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read()


def compare_bytes(larder, nginx):
    for name, path, _, _ in OBJECTS:
        if path.endswith("/list"):
            continue  # On disk the list names what is stored.
        if fetch(f"{larder}/{path}") != fetch(f"{nginx}/{path}"):
            sys.exit(f"{name}: the two servers do not serve the same bytes")


def measure(servers, args):
    rows = []
    for name, path, connections, goal in OBJECTS:
        for count in connections:
            rates = {server: [] for server in servers}
            cpu = {server: [] for server in servers}
            latency, errors = {}, 0
            for _ in range(args.rounds):
                # In turn, so that a slow moment of the machine hits both.
                for server, (base, pid) in servers.items():
                    before = cpu_seconds(pid)
                    rate, p99, failed, requests = wrk(f"{base}/{path}", count, args.seconds)
                    cpu[server].append((cpu_seconds(pid) - before) / requests * 1e6)
                    rates[server].append(rate)
                    latency[server] = p99
                    errors += failed if server == "larder" else 0
            middle = {server: statistics.median(values) for server, values in rates.items()}
            cpu = {server: statistics.median(values) for server, values in cpu.items()}
            ratio = middle["larder"] / middle["nginx"]
            rows.append(dict(
                name=name, connections=count, ratio=ratio, goal=goal, errors=errors, p99=latency, cpu=cpu, **middle))
            print(f"{name:12} {count:4} connections: {ratio:.2f} x nginx, {errors} errors", file=sys.stderr)
    return rows


def cpu_seconds(pid):
    """User and system time of a process and its children; 0 where there is no /proc."""
    total = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # It ended meanwhile.
        if pid in (int(stat.parent.name), int(fields[1])):
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def wrk(url, connections, seconds):
    out = subprocess.run(
        ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency", url],
        capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    p99 = re.search(r"^\s+99%\s+(\S+)", out, re.M).group(1)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    failed = sum(map(int, errors.groups())) if errors else 0
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    return rate, p99, failed + (int(bad.group(1)) if bad else 0), requests


def report(rows, args):
    nginx = subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr.strip().split("/")[-1]
    lines = [
        f"`benches/hits.py`, {args.rounds} rounds of {args.seconds} s each in turn, medians; nginx {nginx} with 2 "
        f"workers, sendfile and open_file_cache; wrk with 2 threads on the same {os.cpu_count()} cores; "
        f"{platform.system()} {platform.machine()}.",
        "",
        "| object | connections | nginx, 1/s | Larder, 1/s | ratio | goal | p99 nginx / Larder | "
        "µs of CPU per request | errors |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row['name']} | {row['connections']} | {row['nginx']:,.0f} | {row['larder']:,.0f} | "
            f"**{row['ratio']:.2f}** | {row['goal']} | {row['p99']['nginx']} / {row['p99']['larder']} | "
            f"{row['cpu']['nginx']:.1f} / {row['cpu']['larder']:.1f} | {row['errors']} |")
    return "\n".join(lines)


def write(table):
    """Replaces what stands between the two marks, or adds a chapter with them."""
    begin, end = "<!-- hits: begin -->", "<!-- hits: end -->"
    page = ROOT / "docs" / "MEASUREMENTS.md"
    page.parent.mkdir(exist_ok=True)
    text = page.read_text() if page.exists() else "# Measurements\n"
    block = f"{begin}\n{table}\n{end}"
    if begin in text:
        text = re.sub(f"{begin}.*?{end}", lambda _: block, text, flags=re.S)
    else:
        text = f"{text.rstrip()}\n\n## Hits, compared with nginx\n\n{block}\n"
    page.write_text(text)


if __name__ == "__main__":
    main()
