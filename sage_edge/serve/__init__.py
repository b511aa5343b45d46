"""Serving: one declared model, answered for other hosts behind a gateway of ours.

child.py        llama.cpp's own server as a child: started, watched, started again, ended with all that it started
bound_child.py  what becomes that server, and dies with whoever started it
upstream.py     one server of a model, asked over HTTP (httpcore2)
events.py       a stream of server-sent events, cut into whole ones and looked into
turnstile.py    one request at a time to the server, so many that wait, the others told to come again
answer.py       an answer under way: read by any number of clients, each from its beginning
answers.py      answers by request id: a repeated id gets the same one
questions.py    what a request may be: its id, its size, its body
api_error.py    what is refused, as OpenAI's clients read it
gateway.py      the application: routes, the token, what each request comes to (starlette)
accounts.py     one line and some counters per request, without its words (prometheus-client)
tokens.py       the token that opens the gateway
health.py       whether the gateway answers, asked in its own container
listener.py     address, TLS, and an end in which what runs is finished (uvicorn)
run.py          all of it together, until it is stopped
errors.py       why serving cannot begin
"""
