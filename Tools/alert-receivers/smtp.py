#!/usr/bin/env python3
"""A receiver of mail for the tests of alert delivery: SMTP on a free loopback port.

Writes "port N" to standard output, and each mail as it came to DIRECTORY/N.eml, from 0.
"""
import os
import socketserver
import sys
import threading
import time

directory = sys.argv[1]


def end_with(parent):
    """A receiver whose test has crashed does not stay."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()


class Handler(socketserver.StreamRequestHandler):
    def answer(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self.answer("220 test")
        while line := self.rfile.readline():
            word = line.strip().upper()
            if word.startswith(b"EHLO") or word.startswith(b"HELO"):
                self.answer("250 test")
            elif word == b"DATA":
                self.answer("354 go on")
                lines = []
                while (line := self.rfile.readline()) and line != b".\r\n":
                    lines.append(line[1:] if line.startswith(b"..") else line)
                name = os.path.join(directory, f"{len(os.listdir(directory))}.eml")
                with open(name + ".part", "wb") as mail:
                    mail.writelines(lines)
                os.rename(name + ".part", name)
                self.answer("250 taken")
            elif word == b"QUIT":
                self.answer("221 bye")
                return
            else:
                self.answer("250 ok")


with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
    server.daemon_threads = True
    print("port", server.server_address[1], flush=True)
    server.serve_forever()
