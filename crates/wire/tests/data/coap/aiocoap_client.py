"""A client for record.sh: aiocoap."""
import asyncio
import sys

from aiocoap import Code, Context, Message, NON
from aiocoap.error import Error

BASE = "coap://" + sys.argv[1]


async def ask(context, code, path, **more):
    try:
        await asyncio.wait_for(context.request(Message(code=code, uri=BASE + path, **more)).response, 8)
    except (Error, asyncio.TimeoutError) as error:
        print(path, repr(error), file=sys.stderr)


async def observe(context):
    request = context.request(Message(code=Code.GET, uri=BASE + "/sensors/temp", observe=0))
    await request.response
    count = 0
    async for _ in request.observation:
        count += 1
        if count == 3:
            break
    request.observation.cancel()
    await asyncio.sleep(1)


async def main():
    context = await Context.create_client_context()
    await ask(context, Code.GET, "/.well-known/core")
    await ask(context, Code.GET, "/sensors/temp")
    await ask(context, Code.GET, "/sensors/temp", mtype=NON)
    await ask(context, Code.GET, "/slow")
    await ask(context, Code.GET, "/firmware")
    await ask(context, Code.PUT, "/firmware", payload=b"fw" * 1200, content_format=42)
    await ask(context, Code.FETCH, "/settings", payload=b"a", content_format=60)
    await ask(context, Code.iPATCH, "/settings", payload=b"b", content_format=60)
    await ask(context, Code.POST, "/settings", payload=b"c")
    await ask(context, Code.DELETE, "/settings")
    await ask(context, Code.GET, "/nowhere/K%C3%BCche?x=1&y=2")
    await observe(context)
    await context.shutdown()


asyncio.run(main())
