"""A service that uses py_eureka_client as its users do. It tells what it sees as lines of JSON, until it is told to end."""

import asyncio
import json
import signal
import sys

from py_eureka_client import eureka_client

server, wanted = sys.argv[1:3]


def tell(what, **more):
    print(json.dumps({"what": what, **more}), flush=True)


def found(client):
    return sorted(
        [each.instanceId, each.ipAddr, each.port.port, each.status, each.metadata]
        for each in client.applications.get_application(wanted).instances
    )


async def main():
    client = await eureka_client.init_async(
        eureka_server=server,
        app_name="py-service",
        instance_id="py-1",
        instance_host="127.0.0.1",
        instance_ip="127.0.0.1",
        instance_port=9090,
        renewal_interval_in_secs=1,
        duration_in_secs=4,
        metadata={"zone": "a", "with_underscore": "1", "dollar$": "2"},
    )
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    tell("ready")
    last = None
    while not ending.is_set():
        now = found(client)
        if now != last:
            tell("found", instances=now)
        last = now
        await asyncio.sleep(0.05)
    await eureka_client.stop_async()
    tell("stopped")


asyncio.run(main())
