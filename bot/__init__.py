"""How people talk to it: chat, web pages and the command line."""
