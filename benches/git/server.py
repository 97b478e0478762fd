"""Repositories over HTTPS by `git http-backend`, and a proxy that leads every name to it."""

import http.server
import os
import pathlib
import socket
import socketserver
import ssl
import subprocess
import threading

HOST = "git.example.com"


class Server:
    """Serves the repositories of a directory as https://git.example.com/NAME to those who use its proxy and trust its CA."""

    def __init__(self, root, place):
        self.ca, chain, key = certificates(pathlib.Path(place))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        handler = type("Handler", (Backend,), {"root": str(root)})
        self.web = Threads(("127.0.0.1", 0), handler)
        self.web.socket = context.wrap_socket(self.web.socket, server_side=True, do_handshake_on_connect=False)
        to = self.web.server_address
        self.proxy = Threads(("127.0.0.1", 0), type("Tunnel", (Tunnel,), {"to": to}))
        for server in (self.web, self.proxy):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def environment(self):
        """What a client needs, whether it is go, git or Larder."""
        host, port = self.proxy.server_address
        return {"HTTPS_PROXY": f"http://{host}:{port}", "SSL_CERT_FILE": self.ca, "GIT_SSL_CAINFO": self.ca}


class Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64


class Backend(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def do_GET(self):
        self.answer(b"")

    def do_POST(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(body)

    def answer(self, body):
        path, _, query = self.path.partition("?")
        env = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": self.root, "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
            "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent",
            "GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
            "GIT_CONFIG_KEY_1": "uploadpack.allowFilter", "GIT_CONFIG_VALUE_1": "true",
        }
        backend = subprocess.Popen(["git", "http-backend"], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        threading.Thread(target=feed, args=(backend.stdin, body), daemon=True).start()
        status, headers = 200, []
        while line := backend.stdout.readline().strip():
            name, _, value = line.decode().partition(": ")
            if name == "Status":
                status = int(value.split()[0])
            else:
                headers.append((name, value))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while piece := backend.stdout.read1(1 << 18):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()
        backend.wait()

    def log_message(self, *_):
        pass


def feed(to, body):
    try:
        to.write(body)
        to.close()
    except BrokenPipeError:
        pass


class Tunnel(socketserver.StreamRequestHandler):
    def handle(self):
        first = self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        if not first.startswith(b"CONNECT " + HOST.encode()):
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        far = socket.create_connection(self.to)
        for side in (far, self.connection):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        back = threading.Thread(target=pump, args=(far, self.connection), daemon=True)
        back.start()
        pump(self.connection, far)
        back.join()


def pump(source, sink):
    try:
        while piece := source.recv(1 << 18):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def certificates(place):
    """An authority of its own, and a certificate for the host."""
    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=place, check=True, capture_output=True)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=bench",
            "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", *key, "-keyout", "host.key", "-out", "host.csr", "-subj", f"/CN={HOST}")
    (place / "host.ext").write_text(f"subjectAltName=DNS:{HOST}\nbasicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", "host.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "host.ext", "-out", "host.pem")
    return str(place / "ca.pem"), str(place / "host.pem"), str(place / "host.key")
