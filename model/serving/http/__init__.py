"""HTTP/1.1 on asyncio: bytes in, requests out, answers back. It knows no route and no model.

reader        bytes into requests, everything bounded that a sender can make large
connection    one connection: requests in, answers out, in order
listener      the listening socket
"""
