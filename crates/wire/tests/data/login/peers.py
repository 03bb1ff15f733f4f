"""Servers that take a password in the clear, on 127.0.0.1 and their usual ports. Runs until killed."""

import asyncio
import io
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import telnetlib3
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import AuthResult
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import Portal
from twisted.internet import protocol, reactor
from twisted.mail import imap4, pop3

HOST = "127.0.0.1"
FOLDER = tempfile.mkdtemp()
with open(f"{FOLDER}/recipe.txt", "w") as recipe:
    recipe.write("batch 12\n")


class Realm:
    def requestAvatar(self, name, mind, *interfaces):
        if pop3.IMailbox in interfaces:
            return pop3.IMailbox, Mailbox(), lambda: None
        return imap4.IAccount, imap4.MemoryAccount(name), lambda: None


class Mailbox(pop3.Mailbox):
    MAIL = b"Subject: alarm\r\n\r\n-ERR this is mail\r\n"

    def listMessages(self, index=None):
        return [len(self.MAIL)] if index is None else len(self.MAIL)

    def getMessage(self, index):
        return io.BytesIO(self.MAIL)

    def getUidl(self, index):
        return b"1"


class Factory(protocol.Factory):
    def __init__(self, make):
        checker = InMemoryUsernamePasswordDatabaseDontUse()
        checker.addUser(b"operator", b"geheim")
        self.portal, self.make = Portal(Realm(), [checker]), make

    def buildProtocol(self, address):
        server = self.make()
        server.factory, server.portal, server.magic = self, self.portal, b"ready"
        return server


def ftp():
    authorizer = DummyAuthorizer()
    authorizer.add_user("operator", "geheim", FOLDER, perm="elradfmw")
    handler = type("Handler", (FTPHandler,), {"authorizer": authorizer})
    FTPServer((HOST, 21), handler).serve_forever()


def telnet():
    async def shell(reader, writer):
        writer.write("plc-1 diagnostics\r\nlogin: ")
        await reader.readline()
        writer.write("Password: ")
        await reader.readline()
        writer.write("\r\n# ")
        await writer.drain()
        writer.close()

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(telnetlib3.create_server(host=HOST, port=23, shell=shell))
    loop.run_forever()


def accept(server, session, envelope, mechanism, data):
    return AuthResult(success=True)


Controller(Sink(), hostname=HOST, port=25, authenticator=accept, auth_require_tls=False, server_hostname="mail.plant").start()
http = ThreadingHTTPServer((HOST, 80), partial(SimpleHTTPRequestHandler, directory=FOLDER))
for serve in (http.serve_forever, ftp, telnet):
    threading.Thread(target=serve, daemon=True).start()
reactor.listenTCP(110, Factory(pop3.POP3), interface=HOST)
reactor.listenTCP(143, Factory(imap4.IMAP4Server), interface=HOST)
reactor.run()
