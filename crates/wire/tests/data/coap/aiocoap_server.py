"""A server for record.sh: aiocoap with a sensor, a slow resource, a large one and one for FETCH and iPATCH."""
import asyncio
import sys

import aiocoap
from aiocoap import resource


class Temperature(resource.ObservableResource):
    def __init__(self):
        super().__init__()
        self.reading = 210

    def update_observation_count(self, count):
        if count:
            asyncio.get_running_loop().call_later(0.5, self.tick)

    def tick(self):
        self.reading += 1
        self.updated_state()
        if self.reading < 215:
            asyncio.get_running_loop().call_later(0.5, self.tick)

    async def render_get(self, request):
        return aiocoap.Message(payload=str(self.reading / 10).encode(), content_format=0)


class Slow(resource.Resource):
    async def render_get(self, request):
        await asyncio.sleep(1.5)
        return aiocoap.Message(payload=b"late")


class Large(resource.Resource):
    content = b"0123456789abcdef" * 150

    async def render_get(self, request):
        return aiocoap.Message(payload=self.content)

    async def render_put(self, request):
        self.content = request.payload
        return aiocoap.Message(code=aiocoap.CHANGED)


class Settings(resource.Resource):
    async def render_fetch(self, request):
        return aiocoap.Message(payload=b"1", content_format=0)

    async def render_ipatch(self, request):
        return aiocoap.Message(code=aiocoap.CHANGED)

    async def render_post(self, request):
        return aiocoap.Message(code=aiocoap.UNAUTHORIZED)


async def main():
    site = resource.Site()
    site.add_resource([".well-known", "core"], resource.WKCResource(site.get_resources_as_linkheader))
    site.add_resource(["sensors", "temp"], Temperature())
    site.add_resource(["slow"], Slow())
    site.add_resource(["firmware"], Large())
    site.add_resource(["settings"], Settings())
    await aiocoap.Context.create_server_context(site, bind=(sys.argv[1], 5683))
    await asyncio.get_running_loop().create_future()


asyncio.run(main())
