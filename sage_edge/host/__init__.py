"""The helper on a board's own operating system: standard library only, packed as one zipapp, driven by JSON.

    sage-host VERB  <  {"…": …}   →   {"helper": "<12 hex>", "ok": true, "result": {…}}
                                      {"helper": "<12 hex>", "ok": false, "error": {kind, message, hint, code}}

Progress goes to stderr, a line each; the exit status is the error's code. A workstation calls it once per SSH channel;
the board calls it itself, at boot and when the revert timer fires. It holds no code that reaches another machine.
"""
