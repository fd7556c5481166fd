#!/usr/bin/env python3
"""A receiver of webhooks for the tests of alert delivery, on a free loopback port.

Writes "port N" to standard output, and each request as a JSON line to the file LOG. The first requests are
answered as the plan says, one word each, and all later ones with 200:
  200, 500, 404, ...   this status         301  a redirect to /elsewhere
  drop                 the connection is closed without an answer, after the body was read
  slow                 the answer comes after 3 seconds
  429                  with Retry-After: 1
"""
import argparse
import http.server
import json
import os
import ssl
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("log")
parser.add_argument("--plan", default="")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--certificate", help="PEM with certificate and key: speak TLS")
options = parser.parse_args()
plan = [word for word in options.plan.split(",") if word]
lock = threading.Lock()


def end_with(parent):
    """A receiver whose test has crashed does not stay."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with lock:
            answer = plan.pop(0) if plan else "200"
            with open(options.log, "a") as log:
                headers = {name.lower(): value for name, value in self.headers.items()}
                record = {"path": self.path, "answer": answer, "headers": headers, "body": body.decode()}
                log.write(json.dumps(record) + "\n")
        if answer == "drop":
            self.close_connection = True
            return
        if answer == "slow":
            time.sleep(3)
            answer = "200"
        self.send_response(int(answer))
        if answer == "301":
            self.send_header("Location", "/elsewhere")
        if answer == "429":
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


server = Server(("127.0.0.1", options.port), Handler)
if options.certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
print("port", server.server_address[1], flush=True)
server.serve_forever()
