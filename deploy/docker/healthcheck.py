"""Whether the process in this container can do its work: the container's health check. The standard library only."""

import http.client
import os
import sys

SECONDS = 4


def main() -> int:
    """Ask /health/ready on HEALTH_PORT (or the path in HEALTH_PATH); return 0 when it answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["HEALTH_PORT"]), timeout=SECONDS)
    try:
        connection.request("GET", os.environ.get("HEALTH_PATH", "/health/ready"))
        answer = connection.getresponse()
        body = answer.read(500).decode(errors="replace")
    except (OSError, http.client.HTTPException) as problem:
        body, status = repr(problem), 0
    else:
        status = answer.status
    finally:
        connection.close()
    sys.stdout.write(body)
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
