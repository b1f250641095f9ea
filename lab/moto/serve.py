"""Starts moto's own server, warm and tied to the life of the process that started it. Changes nothing in moto.

usage: serve.py ADDRESS PORT
"""

import ctypes
import logging
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

# A killed lab must not leave moto behind. The parent may have died before the call, hence the second look.
parent = os.getppid()
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
if os.getppid() != parent:
    sys.exit(1)

from moto.moto_server.werkzeug_app import (  # noqa: E402
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import run_simple  # noqa: E402

# One line a call on stderr costs more than some of the calls; the gateway keeps the log.
logging.getLogger("werkzeug").setLevel(logging.ERROR)

application = DomainDispatcherApplication(create_backend_app)
# EC2 takes a second to load: before the port is open, so the first call of an agent does not pay for it.
for service in ("ec2", "logs", "s3", "iam"):
    application.app_instances[service] = create_backend_app(service)

# Threads are what lets werkzeug keep connections open. The gateway sends one call at a time.
run_simple(sys.argv[1], int(sys.argv[2]), application, threaded=True, request_handler=MotoRequestHandler)
