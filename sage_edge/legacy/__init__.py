"""The papers of an older system of the same family, read tolerantly and recorded strictly (legacy §4).

    walking      DIR → files, never through a link, never out of DIR
    decoding     bytes → JSON, with what was repaired, or the reason why not
    kinds        what a file is that holds no session
    containers   JSON → the lists that hold turns
    vocabulary   the names under which turns are kept
    shapes       one item of such a list → an utterance, or a question with its answer
    answers      what the mind said: thinking set apart, a stored failure is no answer
    pairing      utterances → questions with answers
    exercises    the exercises between warm-up and cool-down
    ids, naming  what the session is called
    heads, times what the file says of it as a whole; Pacific time → UTC
    standing     session, dry run, experiment, superseded
    reading      one file → drafts of papers
    importing    DIR → papers → OUT
    report       what became of every file
    states       what does not hold together in the state files of an older system

Nothing is guessed and nothing is dropped in silence: every item that a file holds as a turn is kept, or doubled, or
refused with a reason, and what is set aside stands verbatim in `extra` or `stored`.
"""
