# SPDX-License-Identifier: Apache-2.0
"""Starts moto's own server, warm and tied to the life of the process that started it.

With LAB_REUSES_ADDRESSES set, the next instance in a subnet gets the address of a terminated one, as on EC2. Otherwise
moto gives its usual answers, only faster.

usage: serve.py ADDRESS PORT      (port 0 takes a free one)
       serve.py --forks NAME      (an abstract Unix socket)

The first form prints the port once it answers. The second loads moto once, and makes one server for each connection.
A request is one line, `{"address": "127.0.0.1", "port": 0}`. So is the answer, `{"pid": 1, "port": 2}` or
`{"error": "why"}`. The server lives as long as the connection. Loading takes seconds, a fork almost no time.
"""

import ctypes
import functools
import io
import json
import logging
import os
import signal
import socket
import sys
import threading

PR_SET_PDEATHSIG = 1

# A killed lab must not leave moto behind. The parent may have died before the call, so this checks it a second time.
parent = os.getppid()
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
if os.getppid() != parent:
    sys.exit(1)

FORKS = sys.argv[1] == "--forks"


def bound_to(address, port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    os.environ["MOTO_PORT"] = str(listener.getsockname()[1])
    return listener


if FORKS:
    asked = socket.socket(socket.AF_UNIX)
    asked.bind("\0" + sys.argv[2])
else:
    # Loading takes seconds. The port is taken before, so that no other process gets it. It refuses connections until
    # loading is done.
    listener = bound_to(sys.argv[1], int(sys.argv[2]))

from moto.core import serialize  # noqa: E402
from moto.moto_api._internal import mock_random  # noqa: E402
from moto.moto_server.werkzeug_app import (  # noqa: E402
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server  # noqa: E402
from werkzeug.test import run_wsgi_app  # noqa: E402

# One line per call on stderr costs more than some of the calls. The gateway has the log of calls.
logging.getLogger("werkzeug").setLevel(logging.ERROR)


class Dispatcher(DomainDispatcherApplication):
    """Remembers the backend of each host, which never changes. Moto searches its own directory for it in each call."""

    @functools.lru_cache(maxsize=None)  # noqa: B019 the only dispatcher lives as long as the process
    def get_backend_for_host(self, host):
        return super().get_backend_for_host(host)


class KeepingRequestHandler(MotoRequestHandler):
    """Keeps the connection open. A new one, with its own thread, would take a large part of the time of each call.

    Werkzeug closes the connection, since it does not know whether the application has read the whole body. Here the
    body is read before the application runs, and the answer is sent in one piece.
    """

    wbufsize = -1

    def run_wsgi(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection, self.rfile = self.rfile, io.BytesIO(body)
        try:
            chunks, status, headers = run_wsgi_app(self.server.app, self.make_environ(), buffered=True)
        finally:
            self.rfile = connection
        answer = b"".join(chunks)
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        # Without a length, the client would wait for the end of the connection. The answer to a HEAD has the length of
        # the answer to a GET.
        if self.command != "HEAD" and code not in ("204", "304"):
            headers["Content-Length"] = str(len(answer))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)


# Without a cache, a third of a listing's time is spent on parsing the times of its objects. They are the same in each
# call.
serialize.parse_to_aware_datetime = functools.lru_cache(maxsize=10_000)(serialize.parse_to_aware_datetime)

from moto.ec2.models import elastic_network_interfaces  # noqa: E402


class NetworkInterface(elastic_network_interfaces.NetworkInterface):
    """Its public address is its private one. Moto's is a random address of somebody on the Internet.

    Moto finds the values that it writes by the name of the class.
    """

    # Moto sorts its resources by the service in this name.
    __module__ = elastic_network_interfaces.__name__

    def check_auto_public_ip(self):
        super().check_auto_public_ip()
        if self.public_ip is not None:
            self.public_ip = self.private_ip_address


elastic_network_interfaces.NetworkInterface = NetworkInterface

if os.environ.get("LAB_REUSES_ADDRESSES"):
    from moto.ec2.models import instances  # noqa: E402

    class ReleasingInstance(instances.Instance):
        """When terminated, returns its address for the next instance in its subnet. Moto's instance keeps it."""

        # Moto sorts its resources by the service in this name.
        __module__ = instances.__name__

        def terminate(self):
            state = super().terminate()
            for address in self._private_ips:
                self.ec2_backend.get_subnet(self.subnet_id).del_subnet_ip(address)
            return state

    instances.Instance = ReleasingInstance

application = Dispatcher(create_backend_app)
# EC2 takes a second to load. It loads now, so that the first call of an agent does not wait for it.
for service in ("ec2", "logs", "s3", "iam"):
    application.app_instances[service] = create_backend_app(service)


def serve(listener, started):
    """Serves until the process ends. Calls `started` with the port once it accepts connections."""
    address, port = listener.getsockname()
    listener.listen(128)
    # Threads let werkzeug speak HTTP/1.1, which keeps connections open. The gateway sends one call at a time.
    server = make_server(
        address, port, application, threaded=True, request_handler=KeepingRequestHandler, fd=listener.fileno()
    )
    started(port)
    server.serve_forever()


def die_with(connection):
    connection.recv(1)
    os._exit(0)


def serve_fork(connection):
    try:
        request = json.loads(connection.makefile().readline())
        # Otherwise all forks would use the same ids.
        mock_random.seed()
        listener = bound_to(request["address"], request["port"])
    except Exception as error:  # noqa: BLE001 the requester gets any error
        connection.sendall((json.dumps({"error": str(error)}) + "\n").encode())
        return
    threading.Thread(target=die_with, args=(connection,), daemon=True).start()
    serve(listener, lambda port: connection.sendall(f'{{"pid": {os.getpid()}, "port": {port}}}\n'.encode()))


def serve_forks():
    # This process does not wait for the forks. Each ends with the connection of its requester.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    asked.listen(128)
    print("ready", flush=True)
    while True:
        connection, _ = asked.accept()
        if os.fork() == 0:
            asked.close()
            serve_fork(connection)
            os._exit(0)
        connection.close()


if FORKS:
    serve_forks()
else:
    serve(listener, lambda port: print(port, flush=True))
