"""The web server: routes, sockets, and who may talk to it. The only room that knows Starlette."""
